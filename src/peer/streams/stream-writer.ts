import { type Deferred, deferred } from "../../util/deferred.js";
import { FIRST_CREDIT } from "../../wire/limits.js";
import { closeIterator, closeUnread } from "./stream-source.js";

// More than stands around the items of a message.
const ENVELOPE_BYTES = 128;

/** How a writer's items and its end leave. */
export interface WriterWire {
  /** The most characters of items that are joined into one message. */
  readonly maxBatch: number;
  /** The JSON of one item, or undefined if it holds bytes and must leave by itself. @throws An item that cannot be sent. */
  encode(item: unknown): string | undefined;
  /** Sends items, JSON with commas between them. Returns the bytes that the reader counts. */
  sendItems(id: number, items: string): number;
  /** Sends one item that holds bytes. Returns the same. @throws An item that cannot be sent. */
  sendSpecial(id: number, item: unknown): number;
  /** The last that is said of a stream. */
  sendEnd(id: number, failure: { readonly error: unknown } | undefined): void;
  /** Has the writer flush at the end of this tick. */
  flushLater(writer: StreamWriter): void;
  /** Told of each item that waits for the end of the tick, by its length. */
  batched(length: number): void;
  /** A promise while a producer should rest: it has kept this turn for long, or more is unsent than it should add to. */
  rest(): Promise<void> | undefined;
}

/**
 * The producing end of a stream: reads its source as fast as the reader gives credit, and never sends more.
 *
 * What the source yields in one tick leaves in one message. `ended` resolves once the source is closed, its `finally` included.
 */
export class StreamWriter {
  readonly id: number;
  readonly ended: Promise<void>;
  readonly #wire: WriterWire;
  readonly #source: AsyncIterable<unknown>;
  readonly #onStop: (() => void) | undefined;
  #iterator: AsyncIterator<unknown> | undefined;
  #items = FIRST_CREDIT.items;
  #bytes = FIRST_CREDIT.bytes;
  #batch = "";
  /** The end was sent: nothing follows it. */
  #over = false;
  #closing: Promise<void> | undefined;
  #moreCredit: Deferred<void> | undefined;

  /** @param onStop Told before the source is closed because nobody reads any more. */
  constructor(id: number, source: AsyncIterable<unknown>, wire: WriterWire, onStop?: () => void) {
    this.id = id;
    this.#onStop = onStop;
    this.#source = source;
    this.#wire = wire;
    this.ended = this.#run();
  }

  /** The reader has room for so much more. */
  credit(items: number, bytes: number): void {
    this.#items += items;
    this.#bytes += bytes;
    if (this.#items > 0 && this.#bytes > 0) this.#wake();
  }

  /** Nobody reads any more: sends the end, and closes the source. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#batch = "";
    this.#wire.sendEnd(this.id, undefined);
    this.#onStop?.();
    // A source that waits for its next item is closed now, not when that comes. An async generator queues this behind it.
    this.#closing = this.#iterator === undefined ? closeUnread(this.#source) : closeIterator(this.#iterator);
    this.#wake();
  }

  /** Sends what has been yielded. */
  flush(): void {
    if (this.#batch === "") return;
    const items = this.#batch;
    this.#batch = "";
    this.#bytes -= this.#wire.sendItems(this.id, items);
  }

  async #run(): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    // Not in the tick of the message that names this stream: that must leave first.
    await undefined;
    try {
      if (!this.#over) await this.#pump();
    } catch (error) {
      failure = { error };
    }
    if (!this.#over) {
      this.#over = true;
      this.flush();
      // Before the source is closed: its `finally` may take long, and the reader need not wait for it.
      this.#wire.sendEnd(this.id, failure);
      // An item that could not be sent left the source open; one that threw is closed, and closing it again does nothing.
      if (failure !== undefined) this.#closing = closeIterator(this.#iterator);
    }
    await this.#closing;
  }

  async #pump(): Promise<void> {
    const iterator = this.#source[Symbol.asyncIterator]();
    this.#iterator = iterator;
    while (!this.#over) {
      if (this.#items <= 0 || this.#bytes <= 0) {
        await this.#waitForCredit();
        continue;
      }
      const step: unknown = await iterator.next();
      // As `for await` has it; what has no `done` would go on for ever.
      if (!isStep(step)) throw new TypeError(`Iterator result ${String(step)} is not an object`);
      if (this.#over || step.done === true) return;
      this.#put(step.value);
      const rest = this.#wire.rest();
      if (rest !== undefined) await rest;
    }
  }

  #waitForCredit(): Promise<void> {
    this.#moreCredit = deferred();
    return this.#moreCredit.promise;
  }

  #wake(): void {
    this.#moreCredit?.resolve();
    this.#moreCredit = undefined;
  }

  #put(item: unknown): void {
    const json = this.#wire.encode(item);
    if (json === undefined) {
      this.flush();
      this.#bytes -= this.#wire.sendSpecial(this.id, item);
      this.#items--;
      return;
    }
    this.#items--;
    // A long item leaves by itself: together with others it might be longer than a message may be.
    if (this.#batch.length + json.length > this.#wire.maxBatch) this.flush();
    if (this.#batch === "") {
      this.#batch = json;
      this.#wire.flushLater(this);
    } else {
      this.#batch += `,${json}`;
    }
    this.#wire.batched(json.length);
    // A character is three bytes at the most. Counted in full when it leaves: one item may exceed the credit, and no second.
    if (this.#items === 0 || this.#batch.length * 3 + ENVELOPE_BYTES >= this.#bytes) this.flush();
  }
}

function isStep(step: unknown): step is IteratorResult<unknown> {
  return typeof step === "object" ? step !== null : typeof step === "function";
}
