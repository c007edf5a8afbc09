import { Fifo } from "./fifo.js";

type Ask<T> = (step: IteratorResult<T, undefined>) => void;

/** What waits to be read, in order, and who waits for it. Several readers share what comes. */
export class Inbox<T> implements AsyncIterable<T> {
  readonly #waiting: Fifo<T> = new Fifo<T>();
  readonly #asking: Fifo<Ask<T>> = new Fifo<Ask<T>>();
  #watching: (() => void)[] = [];
  readonly #onTaken: ((item: T) => void) | undefined;
  #ended = false;

  /** @param onTaken Called as an item that had to wait is read. */
  constructor(onTaken?: (item: T) => void) {
    this.#onTaken = onTaken;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Returns false where the item has to wait. */
  push(item: T): boolean {
    const ask = this.#asking.shift();
    if (ask !== undefined) {
      ask({ done: false, value: item });
      return true;
    }
    this.#waiting.push(item);
    if (this.#watching.length > 0) this.#wake();
    return false;
  }

  /** Resolves when something waits, or nothing will come any more; takes nothing. */
  ready(): Promise<void> {
    if (this.#waiting.size > 0 || this.#ended) return Promise.resolve();
    return new Promise((resolve) => this.#watching.push(resolve));
  }

  /** Takes the oldest that waits. */
  drop(): T | undefined {
    return this.#waiting.shift();
  }

  /** Its readers come to their ends, once they have read what waits. */
  end(): void {
    this.#ended = true;
    this.#wake();
    for (let ask = this.#asking.shift(); ask !== undefined; ask = this.#asking.shift()) ask({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting.size > 0) {
      const item = this.#waiting.shift() as T;
      this.#onTaken?.(item);
      return Promise.resolve({ done: false, value: item });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#asking.push(resolve));
  }

  /** A reader that leaves takes nothing with it: what waits is for the next one. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    let left = false;
    const done = (): Promise<IteratorResult<T, undefined>> => Promise.resolve({ done: true, value: undefined });
    return {
      next: () => (left ? done() : this.next()),
      return: () => {
        left = true;
        return done();
      },
    };
  }

  #wake(): void {
    for (const resolve of this.#watching.splice(0)) resolve();
  }
}
