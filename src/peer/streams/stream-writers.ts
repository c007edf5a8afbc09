import type { Clock } from "../../util/clock.js";
import type { Logger } from "../../util/logger.js";
import { encodeNotification, type WireError } from "../../wire/encode.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import { END, ITEM } from "../../wire/messages.js";
import { lendNothing } from "../../wire/references/extract.js";
import { encodeFitting } from "../errors/fitting-error.js";
import { TooMany } from "../errors/too-many.js";
import { SPECIAL_ITEM } from "../messages/message-kinds.js";
import { BYTES_AROUND_ITEMS, type MessageWriter } from "../messages/message-writer.js";
import type { ReplySender } from "../messages/reply-sender.js";
import type { Sender } from "../messages/sender.js";
import { FlushScheduler } from "./flush-scheduler.js";
import { streamError } from "./stream-error.js";
import { StreamWriter, type WriterWire } from "./stream-writer.js";

export interface StreamWritersOptions {
  readonly clock: Clock;
  readonly limits: ResolvedLimits;
  readonly callTimeoutMs: number;
  readonly other: string;
}
/** What the items of a connection leave by. */
export interface StreamWritersParts {
  readonly messages: MessageWriter;
  readonly replies: ReplySender;
  readonly sender: Sender;
  readonly log: Pick<Logger, "warn">;
}
/** What happens to a stream that we write. */
export interface WriteHooks {
  /** It is read no longer; the source is closed next. */
  readonly onStop?: () => void;
  /** The source is closed. */
  readonly onEnd?: () => void;
}

/** A stream that is written. */
interface Written {
  readonly name: string;
  readonly writer: StreamWriter;
  /** Called once. */
  onEnd: (() => void) | undefined;
  stopWatch: (() => void) | undefined;
}

const MAX_BATCHED = 16 * 1024;

/** The streams of a connection that this side produces, by a number of their own. */
export class StreamWriters {
  readonly #writers = new Map<number, Written>();
  /** Streams that have ended, and whose sources have not closed yet. */
  readonly #closing = new Set<Written>();
  readonly #options: StreamWritersOptions;
  readonly #messages: MessageWriter;
  readonly #log: Pick<Logger, "warn">;
  readonly #replies: ReplySender;
  readonly #flushScheduler: FlushScheduler;
  readonly #wire: WriterWire;
  #nextId = 0;
  #isLost = false;

  constructor({ messages, replies, sender, log }: StreamWritersParts, options: StreamWritersOptions) {
    this.#messages = messages;
    this.#log = log;
    this.#replies = replies;
    this.#options = options;
    const flushed = { unsentBytes: () => sender.unsent, whenHanded: (task: () => void) => sender.whenHanded("", task, task) };
    this.#flushScheduler = new FlushScheduler(flushed, options.clock);
    this.#wire = {
      maxBatch: Math.min(MAX_BATCHED, Math.floor((options.limits.maxMessageBytes - BYTES_AROUND_ITEMS) / 3)),
      encode: (item) => messages.itemText(item),
      sendItems: (id, items) => this.#sendItems(id, items),
      sendSpecial: (id, item) => this.#sendSpecial(id, item),
      sendEnd: (id, failure) => this.#sendEnd(id, failure),
      flushLater: (writer) => this.#flushScheduler.flushLater(writer),
      batched: (length) => this.#flushScheduler.batched(length),
      rest: () => (this.#isLost ? undefined : this.#flushScheduler.rest()),
    };
  }

  /** Streams that are being written. */
  get count(): number {
    return this.#writers.size;
  }

  /** Why no more may be written now, if so. */
  get refusal(): TooMany | undefined {
    const { limits, other } = this.#options;
    if (this.#writers.size < limits.maxOpenStreams) return undefined;
    return new TooMany("maxOpenStreams", limits, `streams to ${other} are open`);
  }

  /** Starts sending a source's items, and returns the writer, which has a number of its own. `name` is for sentences. */
  write(name: string, source: AsyncIterable<unknown>, { onStop, onEnd }: WriteHooks = {}): StreamWriter {
    const writer = new StreamWriter(this.#nextId++, source, this.#wire, onStop);
    const written: Written = { name, writer, onEnd, stopWatch: undefined };
    this.#writers.set(writer.id, written);
    if (onEnd !== undefined) void writer.ended.then(() => this.#over(written));
    return writer;
  }

  /** The other side has room for more of a stream. */
  credit(params: unknown): void {
    const { stream, items, bytes } = (params ?? {}) as { stream?: unknown; items?: unknown; bytes?: unknown };
    const amount = (value: unknown): number => (typeof value === "number" && value > 0 && Number.isSafeInteger(value) ? value : 0);
    this.#writers.get(stream as number)?.writer.credit(amount(items), amount(bytes));
  }

  /** The other side reads a stream no longer. */
  cancel(stream: unknown): void {
    this.#writers.get(stream as number)?.writer.stop();
  }

  /** The connection is over. */
  lose(): void {
    this.#isLost = true;
    for (const { writer } of [...this.#writers.values()]) writer.stop();
    for (const { stopWatch } of this.#closing) stopWatch?.();
    this.#flushScheduler.wakeAll();
  }

  /** A source whose `finally` never ends, or that waits for what never comes, is waited for as long as a call may take. */
  #watchClosing(written: Written): void {
    const { callTimeoutMs, clock } = this.#options;
    if (callTimeoutMs === Number.POSITIVE_INFINITY) return;
    this.#closing.add(written);
    written.stopWatch = clock.after(callTimeoutMs, () => {
      this.#log.warn(`The source of stream "${written.name}" has not closed in ${callTimeoutMs} ms: it is not waited for any longer`);
      this.#over(written);
    });
  }

  #over(written: Written): void {
    written.stopWatch?.();
    this.#closing.delete(written);
    const { onEnd } = written;
    written.onEnd = undefined;
    onEnd?.();
  }

  #sendItems(id: number, items: string): number {
    const text = `{"jsonrpc":"2.0","method":"${ITEM}","params":{"stream":${id},"items":[${items}]}}`;
    this.#replies.send(text);
    return Buffer.byteLength(text);
  }

  #sendSpecial(id: number, item: unknown): number {
    const { text, bytes } = this.#messages.special(SPECIAL_ITEM, id, ITEM, item, lendNothing);
    this.#replies.send(text, bytes);
    let length = Buffer.byteLength(text);
    if (bytes !== undefined) for (const piece of bytes) length += piece.length;
    return length;
  }

  #sendEnd(id: number, failure: { readonly error: unknown } | undefined): void {
    const written = this.#writers.get(id);
    const { name } = written ?? { name: "" };
    this.#writers.delete(id);
    if (this.#isLost) return;
    if (written?.onEnd !== undefined) this.#watchClosing(written);
    if (failure === undefined) return this.#replies.send(encodeNotification(END, { stream: id }));
    const { wire, error } = streamError(failure.error, name);
    this.#log.warn(`The stream "${name}" failed`, { error });
    const encode = (ending: WireError): string => encodeNotification(END, { stream: id, error: ending });
    this.#replies.send(encodeFitting(wire, this.#options.limits, encode));
  }
}
