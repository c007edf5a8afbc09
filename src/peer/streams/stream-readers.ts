import type { PluginIdentity } from "../../contract/context.js";
import type { PluginError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import { encodeNotification } from "../../wire/encode.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import { CANCEL, CREDIT } from "../../wire/messages.js";
import { fromWireError } from "../errors/remote-error.js";
import { TooMany } from "../errors/too-many.js";
import type { ReplySender } from "../messages/reply-sender.js";
import { Rest } from "../rest.js";
import { type ReaderWire, StreamReader } from "./stream-reader.js";
import { Unread } from "./unread.js";

export interface StreamReadersOptions {
  readonly clock: Clock;
  readonly limits: ResolvedLimits;
  readonly other: string;
  readonly identity?: PluginIdentity | undefined;
}

/** The streams of a connection that this side reads, by the number that the other side, which produces them, gave each. */
export class StreamReaders {
  readonly #readers = new Map<number, StreamReader>();
  readonly #wire: ReaderWire;
  readonly #unread: Unread;
  readonly #options: StreamReadersOptions;
  readonly #rest: Rest;
  #places = 0;

  constructor(replies: ReplySender, options: StreamReadersOptions) {
    this.#options = options;
    this.#rest = new Rest(options.clock);
    const { maxUnreadBytes, streamCreditCount, streamCreditBytes } = options.limits;
    this.#unread = new Unread(maxUnreadBytes, options);
    this.#wire = {
      credit: { items: streamCreditCount, bytes: streamCreditBytes },
      unread: this.#unread,
      sendCredit: (stream, items, bytes) => replies.send(encodeNotification(CREDIT, { stream, items, bytes })),
      sendCancel: (stream) => replies.send(encodeNotification(CANCEL, { stream })),
    };
  }

  /** Streams that are being read. */
  get count(): number {
    return this.#readers.size;
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
  untilNone(ms: number): Promise<void> {
    return this.#places === 0 ? Promise.resolve() : this.#rest.wait(ms);
  }

  /** The reading end of a stream that the other side named, for which there is a place. Undefined if it is read already. */
  read(id: number, name: string, onEnd: () => void, accept?: (item: unknown) => unknown): StreamReader | undefined {
    if (this.#readers.has(id)) return undefined;
    const ended = (): void => {
      this.#readers.delete(id);
      onEnd();
    };
    const reader = new StreamReader(id, name, this.#wire, ended, accept);
    this.#readers.set(id, reader);
    return reader;
  }

  /** The other side is told that a stream which it opened will not be read. */
  refuse(id: number): void {
    this.#wire.sendCancel(id);
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

  /** The other side says that a stream has ended. */
  end(params: unknown): void {
    const { stream, error } = (params ?? {}) as { stream?: unknown; error?: unknown };
    const reader = this.#readers.get(stream as number);
    const failed = error !== undefined && error !== null;
    reader?.end(
      failed
        ? { isOurs: true, error: fromWireError(error, reader.name, { other: this.#options.other, plugin: this.#options.identity?.id }) }
        : undefined,
    );
  }

  /** The connection is over. @param errorOf What the reader of a stream of that name gets. */
  lose(errorOf: (name: string) => PluginError): void {
    for (const reader of [...this.#readers.values()]) reader.lose(errorOf(reader.name));
  }
}
