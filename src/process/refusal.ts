import { existsSync } from "node:fs";
import { reasonIn, StartFault } from "../executable/start-fault.js";
import type { SpawnRequest } from "./spawn-child.js";

// What the system's code means once the file itself was found in order.
const REFUSALS: Readonly<Record<string, string>> = {
  ENOENT: "The file is there, so the loader that it names is not: it may be built for another system, as with musl and glibc.",
  EACCES: "A file system mounted with noexec forbids it, or a security policy.",
  ENOEXEC: "It is no program of this system.",
  ETXTBSY: "Somebody still has it open for writing.",
  E2BIG: "Its arguments and its environment are too large together.",
  EAGAIN: "Too many processes run: raise the limit (ulimit -u), or start fewer plugins.",
  ENOMEM: "The system has too little memory left.",
  EMFILE: "This program has too many files open: raise the limit (ulimit -n), or start fewer plugins.",
  ENFILE: "The system has too many files open.",
};

/** The error for a spawn that the system refused: the end of a sentence. */
export function refusal(cause: NodeJS.ErrnoException, request: SpawnRequest): StartFault {
  const { code = cause.message } = cause;
  const known = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
  const why = (code === "ENOENT" ? whatIsGone(request) : undefined) ?? known;
  const sentence = `the system refused to start "${request.executable.file}" (${code})${why === undefined ? "" : `\n  ${why}`}`;
  return new StartFault(reasonIn(cause, "resources"), sentence, { cause });
}

// The same code has several meanings. What was looked at before may have gone since; and Node.js remembers the directory that this
// program runs in, and its own path, without looking again.
function whatIsGone({ executable: { file }, cwd }: SpawnRequest): string | undefined {
  if (cwd !== undefined && !existsSync(cwd)) return `Its cwd "${cwd}" does not exist any more.`;
  if (cwd === undefined && !existsSync(process.cwd())) {
    return "The directory that this program runs in does not exist any more: give the plugin a cwd, or move this program to another.";
  }
  if (existsSync(file)) return undefined;
  if (file === process.execPath)
    return "The Node.js that runs this program is not there any more, as after an update: start this program again.";
  return "The file is not there any more.";
}
