/** What runtimes say on stderr when they end a program for want of memory. The system's own killer says nothing: it is a SIGKILL as any other. */
const WORDS = ["JavaScript heap out of memory", "fatal error: runtime: out of memory", "runtime: cannot allocate memory"];

/** Says whether a program that has ended ran out of memory, as far as it could tell. @param stderrTail The last of what it said. */
export function ranOutOfMemory(stderrTail: string): boolean {
  return WORDS.some((words) => stderrTail.includes(words));
}
