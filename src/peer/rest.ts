import type { Clock } from "../util/clock.js";

/** What waits until nothing runs any more. */
export class Rest {
  /** False where a tell() would reach nothing. */
  isAwaited = false;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at the next tell(), or after `ms`. */
  wait(ms: number): Promise<void> {
    this.isAwaited = true;
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, resolve);
      this.#waiting.push(() => {
        stop();
        resolve();
      });
    });
  }

  tell(): void {
    this.isAwaited = false;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
