import { clearTimeout, setTimeout } from "../util/timers.js";
import { Descendants } from "./descendants.js";
import { pidOf, type Running, type RunningProcess } from "./runtime.js";

/** How a process came to its end at our wish. */
export interface Termination {
  /** It took a SIGKILL. */
  readonly forced: boolean;
  /** What is still alive, by number: the process itself, where not even a SIGKILL ended it, and descendants. */
  readonly escaped: readonly number[];
}

/**
 * Ends a process: waits for what was asked of it, then SIGTERM, then SIGKILL, each after `killTimeoutMs`. Its descendants that left
 * its group are killed once it is gone, for its clean-up may need them.
 * @param ask Asks it to stop. False if it could not be asked; otherwise it may take its time for it.
 */
export async function terminate(running: Running, killTimeoutMs: number, ask: () => boolean = () => false): Promise<Termination> {
  const descendants = new Descendants(running);
  const ended = await end(running, killTimeoutMs, ask, descendants);
  const escaped = await descendants.end();
  const pid = ended === "not" ? pidOf(running) : undefined;
  return { forced: ended !== "willingly", escaped: pid === undefined ? escaped : [pid, ...escaped] };
}

type Ended = "willingly" | "by force" | "not";

async function end(running: Running, killTimeoutMs: number, ask: () => boolean, descendants: Descendants): Promise<Ended> {
  // Once the process is gone they have another parent, and nothing leads to them.
  await descendants.find();
  if (ask()) {
    if (await isWithin(running.exited, killTimeoutMs)) return "willingly";
    await descendants.find();
  }
  send(running, "SIGTERM");
  if (await isWithin(running.exited, killTimeoutMs)) return "willingly";
  await descendants.find();
  return (await killAtOnce(running)) ? "by force" : "not";
}

// Far longer than a system takes that is only loaded. What is not dead by then is another user's by now, or held up in the system, or
// there is no program to end it with, as Windows' taskkill.
const UNKILLABLE_MS = 5_000;

// Where the system refuses the signal there is nothing to wait for but an end that is on its way already.
const REFUSED_MS = 250;

/** Sends a process SIGKILL. Resolves when it is gone, or with false where that does not end it: nobody is to wait for that for ever. */
export async function killAtOnce(running: Running): Promise<boolean> {
  const { exited, refused } = running as Partial<RunningProcess> & Running;
  send(running, "SIGKILL");
  const gone = isWithin(exited, UNKILLABLE_MS);
  return refused === undefined ? gone : Promise.race([gone, refused.then(() => isWithin(exited, REFUSED_MS))]);
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
