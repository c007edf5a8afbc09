import type { ProcessEntry } from "./process-table.js";
import { findOutsiders, isGuardian, kill, killFound, stillAlive } from "./process-tree.js";
import type { Running, RunningProcess } from "./runtime.js";

// On a loaded machine a SIGKILL takes a moment.
const KILLED_MS = 100;
// What a host leaves behind is gone within a second.
const GUARDED_MS = 1_000;
const LOOK_MS = 5;

/** The descendants of a process that left its group, as far as they were found while it lived. */
export class Outsiders {
  readonly #root: Partial<RunningProcess>;
  #found: readonly ProcessEntry[] = [];

  constructor(running: Running) {
    this.#root = running;
  }

  /** Adds those that there are by now. */
  find(): void {
    const { pid, startTime } = this.#root;
    if (pid === undefined) return;
    const known = new Set(this.#found.map((each) => `${each.pid} ${each.startTime}`));
    const more = findOutsiders(pid, startTime).filter((each) => !known.has(`${each.pid} ${each.startTime}`));
    this.#found = [...this.#found, ...more];
  }

  /** Kills them. Resolves with those that are alive all the same, by number. */
  async end(): Promise<number[]> {
    const left = stillAlive(this.#found);
    if (left.length === 0) return [];
    await endHosts(left);
    killFound(left);
    return (await untilDead(left, KILLED_MS)).map(({ pid }) => pid);
  }
}

/** The plugin may have been a host itself, or have started one: what its guardian ends may clean up first, and what it removes nobody else knows. */
async function endHosts(processes: readonly ProcessEntry[]): Promise<void> {
  const left = await untilDead(processes.filter(isGuardian), GUARDED_MS);
  if (left.length === 0) return;
  kill(processes.filter(({ pid }) => left.some(({ parentPid }) => parentPid === pid)));
  await untilDead(left, GUARDED_MS);
}

async function untilDead(processes: readonly ProcessEntry[], mostMs: number): Promise<ProcessEntry[]> {
  let left = stillAlive(processes);
  for (const giveUpAt = performance.now() + mostMs; left.length > 0 && performance.now() < giveUpAt; left = stillAlive(left)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return left;
}
