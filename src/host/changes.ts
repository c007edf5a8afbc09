import { addAbortTask, removeAbortTask } from "../util/abort.js";
import type { SessionChange } from "./session/change.js";

// What one reader may have waiting; the oldest go first.
const MAX_WAITING = 1_024;

/** Tells every reader of every change from when it began to read, and never waits for any of them. */
export class Changes {
  readonly #readers = new Set<Reader>();

  tell(change: SessionChange): void {
    for (const reader of this.#readers) reader.push(change);
  }

  /** Begins at once, not at the first next(): what happens between the two is not lost. */
  read(signal: AbortSignal | undefined): AsyncIterableIterator<SessionChange> {
    const reader = new Reader(signal, () => this.#readers.delete(reader));
    if (!reader.ended) this.#readers.add(reader);
    return reader;
  }

  /** Every reader comes to its end, once it has read what waits. */
  end(): void {
    for (const reader of [...this.#readers]) reader.end();
  }
}

type Step = IteratorResult<SessionChange, undefined>;

class Reader implements AsyncIterableIterator<SessionChange> {
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: () => void;
  #waiting: SessionChange[] = [];
  #asking: ((step: Step) => void)[] = [];
  #leftOut = 0;
  ended = false;
  readonly #abort = (): void => {
    this.#waiting = [];
    this.end();
  };

  constructor(signal: AbortSignal | undefined, onEnd: () => void) {
    this.#signal = signal;
    this.#onEnd = onEnd;
    if (signal?.aborted) this.ended = true;
    else if (signal !== undefined) addAbortTask(signal, this.#abort);
  }

  push(change: SessionChange): void {
    const ask = this.#asking.shift();
    if (ask !== undefined) return ask({ done: false, value: change });
    this.#waiting.push(change);
    if (this.#waiting.length <= MAX_WAITING) return;
    this.#waiting.shift();
    this.#leftOut++;
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#signal !== undefined) removeAbortTask(this.#signal, this.#abort);
    this.#onEnd();
    for (const ask of this.#asking.splice(0)) ask({ done: true, value: undefined });
  }

  next(): Promise<Step> {
    const change = this.#waiting.shift();
    if (change !== undefined) {
      const leftOut = this.#leftOut;
      this.#leftOut = 0;
      return Promise.resolve({ done: false, value: leftOut === 0 ? change : { ...change, leftOut } });
    }
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#asking.push(resolve));
  }

  return(): Promise<Step> {
    this.#abort();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
