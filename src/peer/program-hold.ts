import type { Clock } from "../util/clock.js";

/** Keeps the program alive while calls wait for which no socket does. */
export class ProgramHold {
  readonly #clock: Pick<Clock, "afterHolding">;
  #needed: boolean;
  #count = 0;
  #stop: (() => void) | undefined;

  /** @param needed Whether nothing else keeps it alive. */
  constructor(clock: Pick<Clock, "afterHolding">, needed = true) {
    this.#clock = clock;
    this.#needed = needed;
  }

  set needed(needed: boolean) {
    this.#needed = needed;
    this.#look();
  }

  take(): void {
    if (this.#count++ === 0 && this.#needed) this.#look();
  }

  /** Once for each take(). */
  release(): void {
    if (--this.#count === 0 && this.#stop !== undefined) this.#look();
  }

  #look(): void {
    const holds = this.#needed && this.#count > 0;
    if (holds === (this.#stop !== undefined)) return;
    this.#stop?.();
    this.#stop = holds ? this.#clock.afterHolding(Number.POSITIVE_INFINITY, () => {}) : undefined;
  }
}
