import { setImmediate } from "../util/timers.js";

/** What can be kept from reading. */
interface Readable {
  pause(): unknown;
  resume(): unknown;
}

/** When a channel reads: not while its receiver wants nothing, and now and then not for a moment, so that others are heard. */
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

  /** Goes on once everybody else had a turn. */
  letOthersRead(): void {
    this.#pipe.pause();
    setImmediate(() => {
      if (!this.#paused) this.#pipe.resume();
    });
  }
}
