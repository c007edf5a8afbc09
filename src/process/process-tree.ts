import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { clearTimeout, now, setTimeout } from "../util/timers.js";
import { guardianPid, isGuardian } from "./guardian.js";
import { forgetProcesses, listProcesses, type ProcessEntry, readProcess } from "./process-table.js";
import { Turns } from "./turns.js";

/**
 * The living descendants of a process. Only Linux can tell; elsewhere none are found.
 * @param startTime The process's own, where it could have ended by now, and its number be somebody else's.
 */
export async function findDescendants(rootPid: number, startTime?: string): Promise<ProcessEntry[]> {
  const all = await listProcesses();
  const root = all.find(({ pid }) => pid === rootPid);
  if (root !== undefined && startTime !== undefined && root.startTime !== startTime) return [];
  return familyOf([rootPid], all);
}

/** Those that are still alive, as they are now. A zombie is dead, and a later process with the same number is another. */
export async function stillAlive(processes: readonly ProcessEntry[]): Promise<ProcessEntry[]> {
  const alive: ProcessEntry[] = [];
  await each(processes, (entry) => {
    const seen = seenAgain(entry);
    if (seen !== undefined) alive.push(seen);
  });
  return alive;
}

/**
 * Kills processes that were found, with all that descends from them by now. Guardians are let do their work: who they are is returned.
 * Whoever got a number of theirs meanwhile is left alone.
 */
export async function killFound(processes: readonly ProcessEntry[]): Promise<ProcessEntry[]> {
  const alive = await stillAlive(processes);
  const spared = new Spared();
  const roots = alive.filter((entry) => !spared.has(entry));
  if (roots.length > 0) await killFamilies((all) => [...roots, ...familyOf(pidsOf(roots), all, spared)]);
  return spared.entries;
}

/**
 * Kills the descendants of a process that left its group: most of them can be found through the living root alone. The root and
 * its group are stopped, so that nobody leaves meanwhile, and are the caller's to kill. Resolves when that was done, or could not be.
 */
export async function killOutsiders(rootPid: number): Promise<void> {
  if (process.platform !== "linux") return killByTreeKill(rootPid);
  send(-rootPid, "SIGSTOP");
  const spared = new Spared();
  await killFamilies((all) => familyOf([rootPid], all, spared).filter(({ groupId }) => groupId !== rootPid));
}

// Who is stopped starts nobody, so that two looks are enough but where somebody forks all the time.
const MAX_LOOKS = 20;
// Who forks all the time may also do so faster than all are looked at.
const LOOKING_MS = 1_000;

/** Stops all that is found, looks again until there is nobody new, and kills them. */
async function killFamilies(find: (all: readonly ProcessEntry[]) => readonly ProcessEntry[]): Promise<void> {
  const found = new Map<number, ProcessEntry>();
  const giveUpAt = now() + LOOKING_MS;
  for (let looks = 0; looks < MAX_LOOKS && now() < giveUpAt; looks++) {
    forgetProcesses();
    const more = find(await listProcesses()).filter(({ pid }) => !found.has(pid));
    if (more.length === 0) break;
    for (const entry of more) found.set(entry.pid, entry);
    await signal(more, "SIGSTOP");
  }
  await kill([...found.values()]);
}

/** Kills processes that were found, and nobody else. */
export async function kill(processes: readonly ProcessEntry[]): Promise<void> {
  await signal(processes, "SIGKILL");
  forgetProcesses();
}

// Each is looked at right before: a number changes hands only once its process is gone and all other numbers were used up.
function signal(processes: readonly ProcessEntry[], name: NodeJS.Signals): Promise<void> {
  return each(processes, (entry) => {
    if (seenAgain(entry) !== undefined) send(entry.pid, name);
  });
}

function seenAgain({ pid, startTime }: ProcessEntry): ProcessEntry | undefined {
  const seen = readProcess(pid);
  return seen?.startTime === startTime ? seen : undefined;
}

/** In turns: there may be thousands. */
async function each(processes: readonly ProcessEntry[], task: (entry: ProcessEntry) => void): Promise<void> {
  const turns = new Turns();
  for (const entry of processes) {
    task(entry);
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
}

/** The guardians among processes: a plugin may be a host itself, whose guardian sees to what it leaves behind, and ends then. */
class Spared {
  readonly #known = new Map<string, boolean>();
  readonly entries: ProcessEntry[] = [];

  has(entry: ProcessEntry): boolean {
    const key = `${entry.pid} ${entry.startTime}`;
    const known = this.#known.get(key) ?? isGuardian(entry);
    if (known && !this.#known.has(key)) this.entries.push(entry);
    this.#known.set(key, known);
    return known;
  }
}

/**
 * What descends from processes: their children's children, and what is in a session that one of these began, whoever is its parent by
 * now. Never this process, which may descend from a plugin that it has attached to, nor its own guardian.
 * @param spared Whom to leave out, with those below.
 */
function familyOf(roots: readonly number[], all: readonly ProcessEntry[], spared?: Spared): ProcessEntry[] {
  const below = new Map<number, ProcessEntry[]>();
  for (const entry of all) {
    for (const above of new Set([entry.parentPid, entry.sessionId])) {
      const others = below.get(above);
      if (others === undefined) below.set(above, [entry]);
      else others.push(entry);
    }
  }
  const found: ProcessEntry[] = [];
  const looked = new Set<number | undefined>([...roots, process.pid, guardianPid()]);
  const next = [...roots];
  for (let above = next.pop(); above !== undefined; above = next.pop()) {
    for (const entry of below.get(above) ?? []) {
      if (looked.has(entry.pid)) continue;
      looked.add(entry.pid);
      if (spared?.has(entry)) continue;
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
