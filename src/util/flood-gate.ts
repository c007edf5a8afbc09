import type { Clock } from "./clock.js";

const MAX_LINES = 1_000;
const WINDOW_MS = 1_000;

/** Lets so many lines a second into the log, and says how many it left out: a flood must not cost the host its time and its disk. */
export class FloodGate {
  readonly #clock: Clock;
  readonly #onDropped: (count: number) => void;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;
  #dropped = 0;
  #stopTimer: (() => void) | undefined;

  constructor(clock: Clock, onDropped: (count: number) => void) {
    this.#clock = clock;
    this.#onDropped = onDropped;
  }

  /** False for a line that is one too many. */
  admit(): boolean {
    const now = this.#clock.now();
    if (now - this.#since >= WINDOW_MS) {
      this.say();
      this.#since = now;
      this.#count = 0;
    }
    if (this.#count < MAX_LINES) {
      this.#count++;
      return true;
    }
    // Said too when nothing follows.
    if (this.#dropped++ === 0) this.#stopTimer = this.#clock.after(WINDOW_MS - (now - this.#since), () => this.#next());
    return false;
  }

  /** Lines after one that was one too many, and that came along with it. */
  drop(count: number): void {
    this.#dropped += count;
  }

  /** Tells of what was left out so far. */
  say(): void {
    const dropped = this.#dropped;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#dropped = 0;
    if (dropped > 0) this.#onDropped(dropped);
  }

  #next(): void {
    this.#since = Number.NEGATIVE_INFINITY;
    this.say();
  }
}
