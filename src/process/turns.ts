import { now, setImmediate } from "../util/timers.js";

// Everybody else in this program waits as long.
const TURN_MS = 4;

/** Work of many small steps that leaves this program's thread to others every few milliseconds. */
export class Turns {
  #begunAt = now();

  /** Undefined while the turn goes on; otherwise to be waited for, until everybody else had theirs. */
  next(): Promise<void> | undefined {
    if (now() - this.#begunAt < TURN_MS) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#begunAt = now();
        resolve();
      });
    });
  }
}
