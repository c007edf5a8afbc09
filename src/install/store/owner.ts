import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

let machine: string | undefined;

/** Where numbers of processes mean the same: this machine since it was started, and this container of it. */
export function machineOf(): string {
  machine ??= [hostname(), read("/proc/sys/kernel/random/boot_id"), readLink("/proc/self/ns/pid")].join(" ").trim();
  return machine;
}

/** When a process began, as /proc says it; empty where there is none, or it is gone. */
export function startTimeOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  // The name in it, in parentheses, may hold anything. @see proc(5)
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? "");
}

/** Says whether that process still runs, and is no later one of its number. */
export function isRunning(pid: number, startTime: string): boolean {
  if (startTime !== "") return startTimeOf(pid) === startTime;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return "";
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
