import { type Descendant, findOutsiders, stillAlive } from "./process-tree.js";
import { pidOf, type Running } from "./runtime.js";

/** How a process came to its end at our wish. */
export interface Termination {
  /** It took a SIGKILL. */
  readonly forced: boolean;
  /** Descendants that had left its process group and are still alive, by number. */
  readonly escaped: readonly number[];
}

/**
 * Ends a process: waits for what was asked of it, then SIGTERM, then SIGKILL, each after `killTimeoutMs`.
 * @param asked Whether it was asked to stop, and may take its time for it.
 */
export async function terminate(running: Running, killTimeoutMs: number, asked: boolean): Promise<Termination> {
  const pid = pidOf(running);
  // Once the process is gone they have another parent, and nothing leads to them.
  const outsiders = pid === undefined ? [] : findOutsiders(pid);
  const forced = await end(running, killTimeoutMs, asked);
  if (forced) await untilDead(outsiders);
  return { forced, escaped: stillAlive(outsiders) };
}

async function end(running: Running, killTimeoutMs: number, asked: boolean): Promise<boolean> {
  if (asked && (await isWithin(running.exited, killTimeoutMs))) return false;
  send(running, "SIGTERM");
  if (await isWithin(running.exited, killTimeoutMs)) return false;
  send(running, "SIGKILL");
  await running.exited;
  return true;
}

const KILLED_MS = 100;

// They were sent a SIGKILL before the process itself was, and on a loaded machine that takes a moment.
async function untilDead(outsiders: readonly Descendant[]): Promise<void> {
  for (let waitedMs = 0; waitedMs < KILLED_MS && stillAlive(outsiders).length > 0; waitedMs += 5) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Signals a process. A runtime that cannot must not hold the rest of an ending up. */
export function send(running: Running, name: "SIGTERM" | "SIGKILL"): void {
  try {
    running.signal(name);
  } catch {
    // It is a user's own runtime. What tells that the process is gone is its `exited`, whatever this came to.
  }
}

// setTimeout turns anything above into 1 ms.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Says whether a promise settles in time. */
export async function isWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMEOUT_MS), false);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
