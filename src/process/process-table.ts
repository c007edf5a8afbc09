import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

/** A living process, as the system tells of it. `startTime` tells it from a later one with the same number. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** The process that began the session; no other process has its number while the session has members. */
  readonly sessionId: number;
  readonly startTime: string;
}

let table: readonly ProcessEntry[] | undefined;

/** All living processes; none where the system has no /proc. Whoever asks in the same turn, as when many plugins are killed, gets the same. */
export function listProcesses(): readonly ProcessEntry[] {
  if (table === undefined) {
    table = readTable();
    void Promise.resolve().then(forgetProcesses);
  }
  return table;
}

/** Makes the next look a new one, after something was done about what was seen. */
export function forgetProcesses(): void {
  table = undefined;
}

/** A living process; undefined if it is gone. A zombie is gone. */
export function readProcess(pid: number): ProcessEntry | undefined {
  try {
    return readEntry(pid);
  } catch {
    return undefined;
  }
}

/** The words that a process was started with; none if it is gone. */
export function readCommand(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

function readTable(): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of listPids()) {
    const entry = readProcess(Number(name));
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

function listPids(): string[] {
  try {
    return process.platform === "linux" ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  } catch {
    return []; // Not every container has one.
  }
}

// The names in it have at most 64 bytes, and the fifty numbers 20 digits.
const buffer = Buffer.alloc(2_048);

/**
 * The same, and says what the system says where it cannot tell.
 * @throws {Error} The system's own error, with its code.
 */
export function readEntry(pid: number): ProcessEntry | undefined {
  // Half the time of readFileSync, which asks for a size that these files do not have; and there are hundreds to read.
  const file = openSync(`/proc/${pid}/stat`, "r");
  try {
    return parseStat(pid, buffer.toString("latin1", 0, readSync(file, buffer)));
  } finally {
    closeSync(file);
  }
}

/** Reads the text of /proc/PID/stat. The name in it, in parentheses, may hold anything. @see proc(5) for the fields. */
function parseStat(pid: number, text: string): ProcessEntry | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, threads] = [fields[0], Number(fields[17])];
  // Where only its first thread has ended, a process is called a zombie, and runs on.
  if (state === "X" || (state === "Z" && threads <= 1)) return undefined;
  return {
    pid,
    parentPid: Number(fields[1]),
    groupId: Number(fields[2]),
    sessionId: Number(fields[3]),
    startTime: fields[19] as string,
  };
}
