import type { Clock } from "../util/clock.js";

/** Those who wait until nothing runs any more. */
export class Rest {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False where a tell() would reach no one. */
  get awaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves at the next tell(), or after `ms`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, resolve);
      this.#waiting.push(() => {
        stop();
        resolve();
      });
    });
  }

  tell(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
