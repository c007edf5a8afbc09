import { setImmediate } from "../util/timers.js";

/** What can be kept from reading. */
interface Readable {
  pause(): unknown;
  resume(): unknown;
}

/** When a channel reads: not while its receiver paused it, and not for a turn of the event loop where the other connections would wait too long. */
export class Reading {
  readonly #pipe: Readable;
  #paused = false;

  constructor(pipe: Readable) {
    this.#pipe = pipe;
  }

  pause(): void {
    this.#paused = true;
    this.#pipe.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#pipe.resume();
  }

  /** Goes on in the next turn of the event loop, after the other connections were read. */
  letOthersRead(): void {
    this.#pipe.pause();
    setImmediate(() => {
      if (!this.#paused) this.#pipe.resume();
    });
  }
}
