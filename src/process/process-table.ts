import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { Turns } from "./turns.js";

/** A living process, as the system tells of it. `startTime` tells it from a later one with the same number. */
export interface ProcessEntry {
  readonly pid: number;
  /** Of the program's file, at most 15 bytes. */
  readonly name: string;
  readonly parentPid: number;
  readonly groupId: number;
  /** The process that began the session; no other process has its number while the session has members. */
  readonly sessionId: number;
  readonly startTime: string;
}

let known: boolean | undefined;

/**
 * Says whether /proc tells of the processes that this one signals by their numbers. In a process namespace whose /proc is another's, as
 * `unshare --pid` leaves it, the same number is somebody else's there.
 */
export function showsOurProcesses(): boolean {
  if (process.platform !== "linux") return false;
  try {
    return (known ??= isOurs());
  } catch {
    return false; // There is none, or too many files are open.
  }
}

// Its number in the namespace of that /proc, and in each below it, down to its own. A number by itself may be the same by chance.
function isOurs(): boolean {
  const numbers = /^NSpid:\t(.*)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  return (numbers ?? readlinkSync("/proc/self")) === String(process.pid);
}

/** What those who ask in this turn get. */
let fresh: Promise<readonly ProcessEntry[]> | undefined;
let reading: Promise<unknown> | undefined;
/** What those get who asked while another look went on. */
let next: Promise<readonly ProcessEntry[]> | undefined;

/**
 * All living processes; none where no /proc tells of them. Whoever asks in the same turn, as when many plugins are killed, gets the same.
 * They are read in turns, and by one at a time.
 */
export function listProcesses(): Promise<readonly ProcessEntry[]> {
  if (fresh !== undefined) return fresh;
  if (reading === undefined) return beginTable();
  next ??= reading.then(() => {
    next = undefined;
    return beginTable();
  });
  return next;
}

/** Makes the next look a new one, after something was done about what was seen. */
export function forgetProcesses(): void {
  fresh = undefined;
}

function beginTable(): Promise<readonly ProcessEntry[]> {
  const table = readTable();
  fresh = table;
  reading = table;
  const done = (): void => {
    if (reading === table) reading = undefined;
  };
  table.then(done, done);
  void Promise.resolve().then(() => {
    if (fresh === table) fresh = undefined;
  });
  return table;
}

/** A living process; undefined if it is gone. A zombie is gone. */
export function readProcess(pid: number): ProcessEntry | undefined {
  if (!showsOurProcesses()) return undefined;
  try {
    return readEntry(pid);
  } catch {
    return undefined;
  }
}

/** The variables that a process was started with; none if it is gone, or another user's. */
export function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

async function readTable(): Promise<ProcessEntry[]> {
  const entries: ProcessEntry[] = [];
  const turns = new Turns();
  for (const name of listPids()) {
    const entry = readProcess(Number(name));
    if (entry !== undefined) entries.push(entry);
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
  return entries;
}

function listPids(): string[] {
  try {
    return showsOurProcesses() ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  } catch {
    return []; // Not every container has one.
  }
}

// The names in it have at most 64 bytes, and the fifty numbers 20 digits.
const buffer = Buffer.alloc(2_048);

/**
 * The same, and says what the system says where it cannot tell. To be asked only where /proc shows our processes.
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
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  const [state, threads] = [fields[0], Number(fields[17])];
  // Where only its first thread has ended, a process is called a zombie, and runs on.
  if (state === "X" || (state === "Z" && threads <= 1)) return undefined;
  return {
    pid,
    name: text.slice(text.indexOf("(") + 1, nameEnd),
    parentPid: Number(fields[1]),
    groupId: Number(fields[2]),
    sessionId: Number(fields[3]),
    startTime: fields[19] as string,
  };
}
