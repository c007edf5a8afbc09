import { Descendants } from "./descendants.js";
import type { Running } from "./runtime.js";

/** How a process came to its end at our wish. */
export interface Termination {
  /** It took a SIGKILL. */
  readonly forced: boolean;
  /** Descendants that are still alive, by number. */
  readonly escaped: readonly number[];
}

/**
 * Ends a process: waits for what was asked of it, then SIGTERM, then SIGKILL, each after `killTimeoutMs`. Its descendants that left
 * its group are killed once it is gone, for its clean-up may need them.
 * @param ask Asks it to stop. False if it could not be asked; otherwise it may take its time for it.
 */
export async function terminate(running: Running, killTimeoutMs: number, ask: () => boolean = () => false): Promise<Termination> {
  const descendants = new Descendants(running);
  const forced = await end(running, killTimeoutMs, ask, descendants);
  return { forced, escaped: await descendants.end() };
}

async function end(running: Running, killTimeoutMs: number, ask: () => boolean, descendants: Descendants): Promise<boolean> {
  // Once the process is gone they have another parent, and nothing leads to them.
  descendants.find();
  if (ask()) {
    if (await isWithin(running.exited, killTimeoutMs)) return false;
    descendants.find();
  }
  send(running, "SIGTERM");
  if (await isWithin(running.exited, killTimeoutMs)) return false;
  descendants.find();
  send(running, "SIGKILL");
  await running.exited;
  return true;
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
