import type { Clock } from "../util/clock.js";

/** Keeps the program alive while calls wait for which no socket does. */
export class ProgramHold {
  readonly #clock: Pick<Clock, "afterHolding">;
  #count = 0;
  #stop: (() => void) | undefined;

  constructor(clock: Pick<Clock, "afterHolding">) {
    this.#clock = clock;
  }

  take(): void {
    if (this.#count++ === 0) this.#stop = this.#clock.afterHolding(Number.POSITIVE_INFINITY, () => {});
  }

  /** Once for each take(). */
  release(): void {
    if (--this.#count === 0) this.#stop?.();
  }
}
