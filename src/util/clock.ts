import { clearTimeout, nextTick, now, setImmediate, setTimeout } from "./timers.js";

/** Time, handed in: tests drive it by hand. */
export interface Clock {
  /** Monotonic milliseconds; the zero point means nothing. */
  now(): number;
  /** Runs `task` once, `ms` from now; for what only guards, as a deadline: does not keep the process alive. Returns the way to call it off. */
  after(ms: number, task: () => void): () => void;
  /** As after(), for what is to come, as a restart: keeps the process alive until then. */
  afterHolding(ms: number, task: () => void): () => void;
  /** Runs `task` after the input that already waits has been read. */
  soon(task: () => void): void;
  /** Runs `task` once this tick's work, promises included, is done. */
  endOfTick(task: () => void): void;
}

// setTimeout turns anything above into 1 ms, and newer ones of Node.js warn of what is below 0: of a deadline that has just passed.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's own clock. Not the wall clock: setting that moves no deadline. */
export const systemClock: Clock = {
  now,
  after(ms, task) {
    const timer = setTimeout(task, asTimeout(ms));
    timer.unref();
    return () => clearTimeout(timer);
  },
  afterHolding(ms, task) {
    const timer = setTimeout(task, asTimeout(ms));
    return () => clearTimeout(timer);
  },
  soon(task) {
    setImmediate(task);
  },
  endOfTick: nextTick,
};

function asTimeout(ms: number): number {
  return Math.max(0, Math.min(ms, LONGEST_TIMEOUT_MS));
}
