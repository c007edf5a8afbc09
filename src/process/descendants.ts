import { now, setTimeout } from "../util/timers.js";
import { isGuardian } from "./guardian.js";
import type { ProcessEntry } from "./process-table.js";
import { findDescendants, kill, killFound, stillAlive } from "./process-tree.js";
import type { Running, RunningProcess } from "./runtime.js";

// On a loaded machine a SIGKILL takes a moment.
const KILLED_MS = 100;
// What a host leaves behind is gone within a second.
const GUARDED_MS = 1_000;
const LOOK_MS = 5;

/** The descendants of a process, as far as they were found while it lived: nothing leads to them later. */
export class Descendants {
  readonly #root: Partial<RunningProcess>;
  readonly #found = new Map<string, ProcessEntry>();

  constructor(running: Running) {
    this.#root = running;
  }

  /** Adds those that there are by now. */
  async find(): Promise<void> {
    const { pid, startTime } = this.#root;
    if (pid === undefined) return;
    for (const each of await findDescendants(pid, startTime)) this.#found.set(`${each.pid} ${each.startTime}`, each);
  }

  /** Kills them, its process being gone. Resolves with those that are alive all the same, by number. */
  async end(): Promise<number[]> {
    const left = await stillAlive([...this.#found.values()]);
    // Who is in the group of a child of ours was sent a SIGKILL in the moment of its exit.
    const { pid, startTime } = this.#root;
    const outsiders = left.filter(({ groupId }) => groupId !== pid || startTime !== undefined);
    if (outsiders.length > 0) await endOutsiders(outsiders);
    return (await untilDead(left, KILLED_MS)).map(({ pid }) => pid);
  }
}

/** The plugin may have been a host itself, or have started one: what its guardian ends may clean up first, and what it removes nobody else knows. */
async function endOutsiders(processes: readonly ProcessEntry[]): Promise<void> {
  const left = await untilDead(processes.filter(isGuardian), GUARDED_MS);
  if (left.length > 0) {
    await kill(processes.filter(({ pid }) => left.some(({ parentPid }) => parentPid === pid)));
    await untilDead(left, GUARDED_MS);
  }
  // Of hosts that ended just now. One that does not end is somebody's who only looks like it, or whose host hides: it goes like all others.
  await kill(await untilDead(await killFound(processes), GUARDED_MS));
}

async function untilDead(processes: readonly ProcessEntry[], mostMs: number): Promise<ProcessEntry[]> {
  let left = await stillAlive(processes);
  for (const giveUpAt = now() + mostMs; left.length > 0 && now() < giveUpAt; left = await stillAlive(left)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return left;
}
