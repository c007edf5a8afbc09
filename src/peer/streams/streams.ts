import { PluginError, ValidationError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import { isWithinDepth } from "../../util/depth.js";
import type { Logger } from "../../util/logger.js";
import type { AttachmentPolicy, Attachments } from "../../wire/attachments.js";
import { encodeNotification, encodeSpecialNotification, type WireError } from "../../wire/encode.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import { CANCEL, CREDIT, END, ITEM } from "../../wire/messages.js";
import { extract, lendNothing } from "../../wire/references/extract.js";
import { isSpecial } from "../../wire/references/scan.js";
import { NOT_SMALL, smallText } from "../../wire/small-json.js";
import { encodeFitting } from "../errors/fitting-error.js";
import { fromWireError } from "../errors/remote-error.js";
import { whyTooLong } from "../errors/too-long.js";
import { TooMany } from "../errors/too-many.js";
import { type Flaw, flawOf } from "../errors/unsendable.js";
import { Rest } from "../rest.js";
import { FlushScheduler } from "./flush-scheduler.js";
import { StreamFault, streamError } from "./stream-fault.js";
import { type ReaderWire, StreamReader } from "./stream-reader.js";
import { StreamWriter, type WriterWire } from "./stream-writer.js";
import { Unread } from "./unread.js";

export interface StreamsOptions {
  readonly clock: Clock;
  readonly limits: ResolvedLimits;
  readonly logger: Logger;
  readonly other: string;
}
export interface StreamsWire {
  send(message: string, bytes?: readonly Uint8Array[]): void;
  /** Bytes that the system has not taken. */
  unsentBytes(): number;
  /** Runs `task` once what was sent so far is with the system, or never will be. */
  whenHanded(task: () => void): void;
  /** What may go beside the JSON. */
  readonly attachmentPolicy: AttachmentPolicy;
}
/** Who is told about a stream that we write. */
export interface WriteHooks {
  /** Nobody reads any more; the source is closed next. */
  readonly onStop?: () => void;
  /** The source is closed. */
  readonly onEnd?: () => void;
}

// What stands around the items of a message: three levels, and fewer bytes than this.
const AROUND_ITEMS = { depth: 3, bytes: 128 };
const NOTHING_AROUND = { depth: 0, bytes: 0 };
const MAX_BATCHED = 16 * 1024;

/** The streams of one connection, both ways. Each is numbered by its producer. */
export class Streams {
  readonly #writers = new Map<number, { readonly name: string; readonly writer: StreamWriter }>();
  readonly #readers = new Map<number, StreamReader>();
  readonly #readerWire: ReaderWire;
  readonly #unread: Unread;
  readonly #options: StreamsOptions;
  readonly #wire: StreamsWire;
  readonly #flushScheduler: FlushScheduler;
  readonly #writerWire: WriterWire;
  readonly #rest: Rest;
  #nextId = 0;
  #places = 0;
  #lost = false;

  constructor(wire: StreamsWire, options: StreamsOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#rest = new Rest(options.clock);
    this.#flushScheduler = new FlushScheduler(wire, options.clock);
    const { maxMessageBytes, maxUnreadBytes, streamCreditCount, streamCreditBytes } = options.limits;
    this.#unread = new Unread(maxUnreadBytes, options.other);
    this.#readerWire = {
      credit: { items: streamCreditCount, bytes: streamCreditBytes },
      unread: this.#unread,
      sendCredit: (stream, items, bytes) => this.#wire.send(encodeNotification(CREDIT, { stream, items, bytes })),
      sendCancel: (stream) => this.#wire.send(encodeNotification(CANCEL, { stream })),
    };
    this.#writerWire = {
      maxBatch: Math.min(MAX_BATCHED, Math.floor((maxMessageBytes - AROUND_ITEMS.bytes) / 3)),
      encode: (item) => this.#encode(item),
      sendItems: (id, items) => {
        const message = `{"jsonrpc":"2.0","method":"${ITEM}","params":{"stream":${id},"items":[${items}]}}`;
        this.#wire.send(message);
        return Buffer.byteLength(message);
      },
      sendSpecial: (id, item) => this.#sendSpecial(id, item),
      sendEnd: (id, failure) => this.#sendEnd(id, failure),
      flushLater: (writer) => this.#flushScheduler.flushLater(writer),
      batched: (length) => this.#flushScheduler.batched(length),
      rest: () => (this.#lost ? undefined : this.#flushScheduler.rest()),
    };
  }

  /** Streams that are open, both ways. */
  get open(): number {
    return this.#writers.size + this.#readers.size;
  }

  /** Why no more may be written now, if so. */
  get writesRefused(): TooMany | undefined {
    const { limits, other } = this.#options;
    if (this.#writers.size < limits.maxOpenStreams) return undefined;
    return new TooMany("maxOpenStreams", limits, `streams to ${other} are open`);
  }

  /** Takes a place for a stream that is to be read, or says why there is none. leave() gives it back. */
  enter(): TooMany | undefined {
    const { limits, other } = this.#options;
    if (this.#places >= limits.maxOpenStreams) return new TooMany("maxOpenStreams", limits, `streams from ${other} are open`);
    this.#places++;
    return undefined;
  }

  leave(): void {
    if (--this.#places === 0) this.#rest.tell();
  }

  /** Resolves once no stream is read or about to be, or after `ms`. */
  untilNoneRead(ms: number): Promise<void> {
    return this.#places === 0 ? Promise.resolve() : this.#rest.wait(ms);
  }

  /** Starts sending a source's items, and returns the writer, which has a number of its own. `name` is for sentences. */
  write(name: string, source: AsyncIterable<unknown>, { onStop, onEnd }: WriteHooks = {}): StreamWriter {
    const writer = new StreamWriter(this.#nextId++, source, this.#writerWire, onStop);
    this.#writers.set(writer.id, { name, writer });
    if (onEnd !== undefined) void writer.ended.then(onEnd);
    return writer;
  }

  /** The reading end of a stream that the other side named, for which there is a place. Undefined if it is read already. */
  read(id: number, name: string, onEnd: () => void, accept?: (item: unknown) => unknown): StreamReader | undefined {
    if (this.#readers.has(id)) return undefined;
    const ended = (): void => {
      this.#readers.delete(id);
      onEnd();
    };
    const reader = new StreamReader(id, name, this.#readerWire, ended, accept);
    this.#readers.set(id, reader);
    return reader;
  }

  /** Items arrived. Returns what is wrong with them, if something is. */
  items(params: unknown, bytes: number): string | undefined {
    const { stream, items } = (params ?? {}) as { stream?: unknown; items?: unknown };
    if (!Array.isArray(items)) return "its items are no array";
    // A stream that is not known has ended here: these were on their way.
    const fits = this.#readers.get(stream as number)?.push(items, bytes) ?? true;
    if (this.#unread.isTooMuch) this.#unread.relieve(this.#readers.values());
    return fits ? undefined : "it holds more of a stream than was asked for";
  }

  end(params: unknown): void {
    const { stream, error } = (params ?? {}) as { stream?: unknown; error?: unknown };
    const reader = this.#readers.get(stream as number);
    const failed = error !== undefined && error !== null;
    reader?.end(failed ? { error: fromWireError(error, reader.name, this.#options.other) } : undefined);
  }

  credit(params: unknown): void {
    const { stream, items, bytes } = (params ?? {}) as { stream?: unknown; items?: unknown; bytes?: unknown };
    const amount = (value: unknown): number => (typeof value === "number" && value > 0 && Number.isSafeInteger(value) ? value : 0);
    this.#writers.get(stream as number)?.writer.credit(amount(items), amount(bytes));
  }

  cancel(stream: unknown): void {
    this.#writers.get(stream as number)?.writer.stop();
  }

  /** The connection is over. @param errorOf What the reader of a stream of that name gets. */
  lose(errorOf: (name: string) => PluginError): void {
    this.#lost = true;
    for (const { writer } of [...this.#writers.values()]) writer.stop();
    for (const reader of [...this.#readers.values()]) reader.fail(errorOf(reader.name));
    this.#flushScheduler.wakeAll();
  }

  #encode(item: unknown): string | undefined {
    let text: string | undefined;
    try {
      const small = smallText(item);
      if (small !== NOT_SMALL) return small;
      if (isSpecial(item, this.#wire.attachmentPolicy.longText)) return undefined;
      text = item === undefined ? "null" : (JSON.stringify(item) as string | undefined);
    } catch (error) {
      throw unsendable(flawOf(item, error), error);
    }
    if (text === undefined) throw unsendable({ message: `it is a ${typeof item}, which JSON cannot carry` });
    this.#check(text, undefined, AROUND_ITEMS);
    return text;
  }

  #sendSpecial(id: number, item: unknown): number {
    // Whoever yields one item after another may well put them all into the same memory.
    const attachments = this.#wire.attachmentPolicy.attachments(true);
    let message: string;
    try {
      const { value, refs } = extract(item, lendNothing, attachments);
      const placed = Object.fromEntries(Object.entries(refs).map(([pointer, ref]) => [`/items/0${pointer}`, ref]));
      attachments?.seal(placed);
      message = encodeSpecialNotification(ITEM, { stream: id, items: [value] }, placed);
    } catch (error) {
      throw unsendable(flawOf(item, error), error);
    }
    this.#check(message, attachments, NOTHING_AROUND);
    this.#wire.send(message, attachments?.pieces);
    return Buffer.byteLength(message) + (attachments?.length ?? 0);
  }

  #check(text: string, attachments: Attachments | undefined, envelope: { readonly depth: number; readonly bytes: number }): void {
    const { maxDepth, maxMessageBytes } = this.#options.limits;
    if (!isWithinDepth(text, 0, text.length, maxDepth - envelope.depth)) {
      throw unsendable({
        message: `it is nested deeper than ${maxDepth - AROUND_ITEMS.depth} levels (limits.maxDepth, less those around it)`,
      });
    }
    const why = whyTooLong("it", text, attachments, maxMessageBytes, envelope.bytes);
    if (why !== undefined) {
      throw new StreamFault((name) => new PluginError("LIMIT_EXCEEDED", `Cannot send an item of "${name}": ${why}`));
    }
  }

  #sendEnd(id: number, failure: { readonly error: unknown } | undefined): void {
    const name = this.#writers.get(id)?.name ?? "";
    this.#writers.delete(id);
    if (this.#lost) return;
    if (failure === undefined) return this.#wire.send(encodeNotification(END, { stream: id }));
    const { wire, error } = streamError(failure.error, name);
    this.#options.logger.warn(`The stream "${name}" failed`, { error });
    const encode = (ending: WireError): string => encodeNotification(END, { stream: id, error: ending });
    this.#wire.send(encodeFitting(wire, this.#options.limits, encode));
  }
}

function unsendable(flaw: Flaw, cause?: unknown): StreamFault {
  const sentence = (name: string): string => `Cannot send an item of "${name}": ${flaw.message}`;
  const options = cause === undefined ? undefined : { cause };
  return new StreamFault((name) => new ValidationError("INVALID_OUTPUT", sentence(name), [flaw], options));
}
