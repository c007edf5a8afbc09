import type { Clock } from "../../util/clock.js";
import type { Meta } from "../../wire/messages.js";

/** Until when calls that run here must have been answered, where their callers said so. */
export class ResponseDeadlines {
  readonly #clock: Clock;
  readonly #stops = new Map<object, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param onPassed Gets the sentence's end that says why the call is over. */
  set(call: object, { timeoutMs }: Meta, onPassed: (why: string) => void): void {
    if (typeof timeoutMs !== "number" || !(timeoutMs > 0)) return;
    this.#stops.set(
      call,
      this.#clock.after(timeoutMs, () => onPassed(`its ${timeoutMs} ms passed`)),
    );
  }

  /** The call is answered, or over. */
  clear(call: object): void {
    if (this.#stops.size === 0) return; // Most calls have none.
    this.#stops.get(call)?.();
    this.#stops.delete(call);
  }

  clearAll(): void {
    for (const stop of this.#stops.values()) stop();
    this.#stops.clear();
  }
}
