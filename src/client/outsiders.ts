import type { ProcessEntry } from "./process-table.js";
import { findOutsiders, isGuardian, killFound, stillAlive } from "./process-tree.js";
import type { Running, RunningProcess } from "./runtime.js";

// On a loaded machine a SIGKILL takes a moment.
const KILLED_MS = 100;
// A plugin may be a host itself, and what that leaves behind is gone within a second; a plugin below it may be one, too.
const GUARDED_MS = 2_000;
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
    // What a host's guardian is about to end may clean up first, and what it is about to remove nobody else knows.
    await untilDead(left.filter(isGuardian), GUARDED_MS);
    killFound(left);
    return (await untilDead(left, KILLED_MS)).map(({ pid }) => pid);
  }
}

async function untilDead(processes: readonly ProcessEntry[], mostMs: number): Promise<ProcessEntry[]> {
  let left = stillAlive(processes);
  for (const giveUpAt = performance.now() + mostMs; left.length > 0 && performance.now() < giveUpAt; left = stillAlive(left)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return left;
}
