import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A process below another one. `startTime` tells it from a later one with the same number. */
export interface Descendant {
  readonly pid: number;
  readonly groupId: number;
  readonly startTime: string;
}

/** The living descendants of a process that left its process group. Only Linux can tell; elsewhere none are found. */
export function findOutsiders(rootPid: number): Descendant[] {
  return listDescendants(rootPid).filter(({ groupId }) => groupId !== rootPid);
}

/** Those that are still alive, by number. A zombie is dead. */
export function stillAlive(descendants: readonly Descendant[]): number[] {
  return descendants.filter(({ pid, startTime }) => readStat(String(pid))?.startTime === startTime).map(({ pid }) => pid);
}

/**
 * Kills the descendants of a process that left its group: only through the living root can they be found. The root and its
 * group are stopped, so that nobody leaves meanwhile, and are the caller's to kill. Resolves when that was done, or could not be.
 */
export async function killOutsiders(rootPid: number): Promise<void> {
  if (process.platform === "linux") killFound(rootPid);
  else await killByTreeKill(rootPid);
}

function killFound(rootPid: number): void {
  send(-rootPid, "SIGSTOP");
  for (const pid of stillAlive(findOutsiders(rootPid))) send(pid, "SIGKILL");
}

// Longer than ps takes on a loaded machine; what waits for it is the SIGKILL of a process that is stopped already.
const PS_MS = 1_000;

// Not on Linux: it starts a ps for each process of the tree, and whatever keeps one from starting or answering ends the host.
async function killByTreeKill(rootPid: number): Promise<void> {
  const lister = process.platform === "darwin" ? "pgrep" : "ps";
  if (process.platform !== "win32" && !isOnPath(lister)) return;
  const { default: treeKill } = await import("tree-kill");
  if (process.platform !== "win32") send(-rootPid, "SIGSTOP");
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PS_MS);
    treeKill(rootPid, "SIGKILL", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone, which is what was wanted; or belongs to somebody else by now, and must not be touched.
  }
}

function isOnPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((dir) => dir !== "" && isRunnable(join(dir, program)));
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function listDescendants(rootPid: number): Descendant[] {
  const children = new Map<number, Descendant[]>();
  for (const name of listPids()) {
    const stat = readStat(name);
    if (stat !== undefined) children.set(stat.parentPid, [...(children.get(stat.parentPid) ?? []), stat]);
  }
  const found: Descendant[] = [];
  for (const parents = [rootPid]; parents.length > 0; ) {
    const below = children.get(parents.pop() as number) ?? [];
    found.push(...below);
    parents.push(...below.map(({ pid }) => pid));
  }
  return found;
}

function listPids(): string[] {
  try {
    return process.platform === "linux" ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  } catch {
    return []; // Not every container has one.
  }
}

/** @see proc(5) for the fields; the name in parentheses may hold anything, so counting starts after it. */
function readStat(pid: string): (Descendant & { readonly parentPid: number }) | undefined {
  try {
    return parseStat(Number(pid), readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined; // It ended while we looked.
  }
}

/** Reads the text of /proc/PID/stat; undefined for a zombie, which is dead. The name in it, in parentheses, may hold anything. */
export function parseStat(pid: number, text: string): (Descendant & { readonly parentPid: number }) | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, parentPid: Number(fields[1]), groupId: Number(fields[2]), startTime: fields[19] as string };
}
