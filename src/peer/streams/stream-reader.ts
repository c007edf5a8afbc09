import type { PluginError } from "../../errors.js";
import { isThenable } from "../../util/thenable.js";
import { FIRST_CREDIT } from "../../wire/limits.js";
import { rejectWithStack } from "../errors/callers-stack.js";
import type { Unread } from "./unread.js";

/** What all readers of a connection share. */
export interface ReaderWire {
  /** What one stream may have waiting, or on its way: the first credit is the protocol's, and what follows leads to this. */
  readonly credit: { readonly items: number; readonly bytes: number };
  readonly unread: Unread;
  sendCredit(id: number, items: number, bytes: number): void;
  /** Tells the writer to stop. */
  sendCancel(id: number): void;
}
type Step = IteratorResult<unknown, undefined>;
const DONE: Step = { done: true, value: undefined };
const GIVEN_UP = Symbol("given up");

/** What a stream failed with. @param isOurs As for fail(). */
export interface Failure {
  readonly error: unknown;
  readonly isOurs?: boolean;
}
interface Arrived {
  readonly items: readonly unknown[];
  readonly bytes: number;
}
interface Waiting {
  resolve(step: Step | PromiseLike<Step>): void;
  reject(reason: unknown): void;
}

/**
 * The reading end of a stream. Holds at most what it gave credit for, and gives more as it is read.
 *
 * `break` and return() end the writer within one round trip.
 */
export class StreamReader implements AsyncIterableIterator<unknown> {
  readonly id: number;
  /** For sentences. */
  readonly name: string;
  readonly #wire: ReaderWire;
  readonly #onEnd: () => void;
  readonly #accept: ((item: unknown) => unknown) | undefined;
  #arrived: Arrived[] = [];
  /** The next item of the first message. */
  #next = 0;
  readonly #waiting: Waiting[] = [];
  /** Gives up the check of an item that is not settled; one for each. */
  readonly #checking = new Set<() => void>();
  #creditItems = FIRST_CREDIT.items;
  #creditBytes = FIRST_CREDIT.bytes;
  /** Room that nobody was told of yet; less than none where the first credit was more than there is. */
  #freeItems: number;
  #freeBytes: number;
  /** It is worth a message from here on. */
  #giveAtItems: number;
  #giveAtBytes: number;
  /** Bytes that wait to be read, and whether they are among those of all streams. */
  #held = 0;
  #counted = true;
  /** Nothing more arrives. */
  #ended = false;
  /** What it ended with, until that was told once. */
  #failure: Failure | undefined;

  /** @param accept What is made of an item before it is read; may be asynchronous, and may throw. */
  constructor(id: number, name: string, wire: ReaderWire, onEnd: () => void, accept?: (item: unknown) => unknown) {
    const { items, bytes } = wire.credit;
    this.id = id;
    this.name = name;
    this.#wire = wire;
    this.#onEnd = onEnd;
    this.#accept = accept;
    this.#freeItems = items - FIRST_CREDIT.items;
    this.#freeBytes = bytes - FIRST_CREDIT.bytes;
    // Room above the first credit is told of when half of that was read: a short stream has no use for it.
    this.#giveAtItems = Math.max(items / 2, items - FIRST_CREDIT.items / 2);
    this.#giveAtBytes = Math.max(bytes / 2, bytes - FIRST_CREDIT.bytes / 2);
  }

  /** Bytes that have arrived and were not read. */
  get held(): number {
    return this.#held;
  }

  /** Items came. False if there are more than was asked for. */
  push(items: readonly unknown[], bytes: number): boolean {
    if (this.#ended) return true; // On their way when reading ended.
    if (items.length > this.#creditItems || this.#creditBytes <= 0) return false;
    this.#creditItems -= items.length;
    this.#creditBytes -= bytes;
    if (items.length === 0) {
      this.#free(0, bytes);
      return true;
    }
    this.#arrived.push({ items, bytes });
    this.#hold(bytes);
    while (this.#waiting.length > 0 && this.#arrived.length > 0) this.#waiting.shift()?.resolve(this.#take());
    return true;
  }

  /** The writer ended: what has arrived is still read. */
  end(failure: Failure | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#counted = this.#wire.unread.outlasts(this);
    this.#onEnd();
    for (const { resolve, reject } of this.#waiting.splice(0)) this.#tellLast(resolve, reject);
  }

  /** The connection is over: ends at once, and what has arrived is dropped. */
  lose(error: PluginError): void {
    this.fail(error, true);
  }

  /** Ends at once, likewise. @param isOurs The error was made for this stream, and is nobody else's. */
  fail(error: unknown, isOurs = false): void {
    const unread = !this.#ended || this.#arrived.length > 0 || this.#checking.size > 0;
    this.#drop();
    if (this.#ended && unread) this.#failure = { error, isOurs };
    this.end({ error, isOurs });
  }

  /** Gives the stream up, for a reason of the reader's. Does nothing once all of it was read. */
  abort(reason: unknown): void {
    if (!this.#ended) this.#wire.sendCancel(this.id);
    this.fail(reason);
  }

  next(): Promise<Step> {
    if (this.#arrived.length > 0) return Promise.resolve(this.#take());
    if (this.#ended) return this.#last();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<Step> {
    this.#drop();
    if (!this.#ended) this.#wire.sendCancel(this.id);
    this.end(undefined);
    this.#failure = undefined;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #drop(): void {
    this.#hold(-this.#held);
    this.#arrived = [];
    this.#next = 0;
    for (const giveUp of this.#checking) giveUp();
  }

  #take(): Step | Promise<Step> {
    const first = this.#arrived[0] as Arrived;
    const value = first.items[this.#next++];
    if (this.#next < first.items.length) {
      this.#free(1, 0);
    } else {
      this.#arrived.shift();
      this.#next = 0;
      this.#hold(-first.bytes);
      this.#free(1, first.bytes);
    }
    return this.#accept === undefined ? { done: false, value } : this.#accepted(this.#accept, value);
  }

  async #accepted(accept: (item: unknown) => unknown, value: unknown): Promise<Step> {
    try {
      const checked = accept(value);
      const accepted = isThenable(checked) ? await this.#whileRead(checked) : checked;
      return accepted === GIVEN_UP ? this.#last() : { done: false, value: accepted };
    } catch (error) {
      this.abort(error);
      this.#failure = undefined; // Told once, here.
      throw error;
    }
  }

  /** What a check comes to, or GIVEN_UP where the reading ends before. */
  #whileRead(checked: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => resolve(GIVEN_UP);
      this.#checking.add(giveUp);
      Promise.resolve(checked)
        .finally(() => this.#checking.delete(giveUp))
        .then(resolve, reject);
    });
  }

  #free(items: number, bytes: number): void {
    this.#freeItems += items;
    this.#freeBytes += bytes;
    if (this.#ended || (this.#freeItems < this.#giveAtItems && this.#freeBytes < this.#giveAtBytes)) return;
    this.#give();
  }

  #give(): void {
    const items = Math.max(0, this.#freeItems);
    const bytes = Math.max(0, this.#freeBytes);
    this.#creditItems += items;
    this.#creditBytes += bytes;
    this.#freeItems -= items;
    this.#freeBytes -= bytes;
    this.#giveAtItems = this.#wire.credit.items / 2;
    this.#giveAtBytes = this.#wire.credit.bytes / 2;
    this.#wire.sendCredit(this.id, items, bytes);
  }

  #hold(bytes: number): void {
    this.#held += bytes;
    if (!this.#counted) return;
    this.#wire.unread.add(bytes);
    if (this.#ended && this.#held === 0) this.#wire.unread.forget(this);
  }

  // An error is told once; after it, as after the last item, there is nothing more.
  #last(): Promise<Step> {
    return new Promise((resolve, reject) => this.#tellLast(resolve, reject));
  }

  #tellLast(resolve: (step: Step) => void, reject: (reason: unknown) => void): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) resolve(DONE);
    else if (failure.isOurs === true) rejectWithStack(failure.error as PluginError, resolve, reject);
    else reject(failure.error);
  }
}
