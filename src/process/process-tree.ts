import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { clearTimeout, setTimeout } from "../util/timers.js";
import { GUARDIAN_NAME } from "./guardian.js";
import { forgetProcesses, listProcesses, type ProcessEntry, readCommand, readProcess } from "./process-table.js";

/**
 * The living descendants of a process. Only Linux can tell; elsewhere none are found.
 * @param startTime The process's own, where it could have ended by now, and its number be somebody else's.
 */
export function findDescendants(rootPid: number, startTime?: string): ProcessEntry[] {
  const root = listProcesses().find(({ pid }) => pid === rootPid);
  if (root !== undefined && startTime !== undefined && root.startTime !== startTime) return [];
  return familyOf([rootPid]);
}

/** Those that are still alive, as they are now. A zombie is dead, and a later process with the same number is another. */
export function stillAlive(processes: readonly ProcessEntry[]): ProcessEntry[] {
  return processes.flatMap(({ pid, startTime }) => {
    const now = readProcess(pid);
    return now?.startTime === startTime ? [now] : [];
  });
}

/** A plugin may be a host itself, whose guardian sees to what it leaves behind, and ends then. */
export function isGuardian({ pid }: ProcessEntry): boolean {
  return readCommand(pid).at(-1) === GUARDIAN_NAME;
}

/**
 * Kills processes that were found, with all that descends from them by now. Guardians are let do their work, and whoever got a number
 * of theirs meanwhile is left alone.
 */
export function killFound(processes: readonly ProcessEntry[]): void {
  const alive = stillAlive(processes).filter((each) => !isGuardian(each));
  if (alive.length > 0) killFamilies(() => [...alive, ...familyOf(pidsOf(alive), isGuardian)]);
}

/**
 * Kills the descendants of a process that left its group: most of them can be found through the living root alone. The root and
 * its group are stopped, so that nobody leaves meanwhile, and are the caller's to kill. Resolves when that was done, or could not be.
 */
export async function killOutsiders(rootPid: number): Promise<void> {
  if (process.platform !== "linux") return killByTreeKill(rootPid);
  send(-rootPid, "SIGSTOP");
  killFamilies(() => familyOf([rootPid], isGuardian).filter(({ groupId }) => groupId !== rootPid));
}

// Who is stopped starts nobody, so that two looks are enough but where somebody forks all the time.
const MAX_LOOKS = 20;

/** Stops all that is found, looks again until there is nobody new, and kills them. */
function killFamilies(find: () => readonly ProcessEntry[]): void {
  const found = new Map<number, ProcessEntry>();
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    forgetProcesses();
    const more = find().filter(({ pid }) => !found.has(pid));
    if (more.length === 0) break;
    for (const each of more) found.set(each.pid, each);
    signal(more, "SIGSTOP");
  }
  kill([...found.values()]);
}

/** Kills processes that were found, and nobody else. */
export function kill(processes: readonly ProcessEntry[]): void {
  signal(processes, "SIGKILL");
  forgetProcesses();
}

// Each is looked at right before: a number changes hands only once its process is gone and all other numbers were used up.
function signal(processes: readonly ProcessEntry[], name: NodeJS.Signals): void {
  for (const each of processes) if (stillAlive([each]).length > 0) send(each.pid, name);
}

/**
 * What descends from processes: their children's children, and what is in a session that one of these began, whoever is its parent by
 * now. Never this process, which may descend from a plugin that it has attached to.
 * @param isSpared Whom to leave out, with those below.
 */
function familyOf(roots: readonly number[], isSpared: (entry: ProcessEntry) => boolean = () => false): ProcessEntry[] {
  const below = new Map<number, ProcessEntry[]>();
  for (const entry of listProcesses()) {
    for (const above of new Set([entry.parentPid, entry.sessionId])) {
      below.set(above, [...(below.get(above) ?? []), entry]);
    }
  }
  const found: ProcessEntry[] = [];
  const looked = new Set([...roots, process.pid]);
  const next = [...roots];
  for (let above = next.pop(); above !== undefined; above = next.pop()) {
    for (const entry of below.get(above) ?? []) {
      if (looked.has(entry.pid)) continue;
      looked.add(entry.pid);
      if (isSpared(entry)) continue;
      found.push(entry);
      next.push(entry.pid);
    }
  }
  return found;
}

function pidsOf(processes: readonly ProcessEntry[]): number[] {
  return processes.map(({ pid }) => pid);
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

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone, which is what was wanted; or belongs to another user, and cannot be touched.
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
