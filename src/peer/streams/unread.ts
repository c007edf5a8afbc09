import { PluginError } from "../../errors.js";

/** Who holds items that arrived and were not read. */
interface Holder {
  readonly name: string;
  readonly held: number;
  abort(reason: unknown): void;
}

/** Who the other side is, for sentences: who dials in is known later than its connection. */
interface Side {
  readonly other: string;
}

// A stream that has ended with less than this unread is not watched any more: most short ones come whole before they are read.
const LITTLE_BYTES = 16 * 1024;

/** What of all streams of a connection has arrived and was not read. Each keeps to its credit; together they keep to a limit. */
export class Unread {
  readonly #maxBytes: number;
  readonly #side: Side;
  /** Streams that have ended, and hold much that was not read. */
  readonly #ended = new Set<Holder>();
  #bytes = 0;

  constructor(maxBytes: number, side: Side) {
    this.#maxBytes = maxBytes;
    this.#side = side;
  }

  get isTooMuch(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A stream has ended. Says whether what it holds goes on being counted, until it is read. */
  outlasts(holder: Holder): boolean {
    if (holder.held > LITTLE_BYTES) this.#ended.add(holder);
    else this.#bytes -= holder.held;
    return holder.held > LITTLE_BYTES;
  }

  /** An ended stream was read to its end. */
  forget(holder: Holder): void {
    this.#ended.delete(holder);
  }

  /** Ends streams that hold most until what is left is not too much. A reader that reads holds little, and is spared. */
  relieve(open: Iterable<Holder>): void {
    const holders = [...open, ...this.#ended].sort((a, b) => b.held - a.held);
    for (const holder of holders) {
      if (!this.isTooMuch) return;
      const what = `all streams of ${this.#side.other} together have more than ${this.#maxBytes} bytes waiting to be read, and this one most of them`;
      const remedy = "Read it as it comes, end it with return(), or raise limits.maxUnreadBytes.";
      holder.abort(new PluginError("LIMIT_EXCEEDED", `Gave up stream "${holder.name}": ${what}\n  ${remedy}`));
    }
  }
}
