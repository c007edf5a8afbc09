import type { Writable } from "node:stream";
import { isThenable } from "../util/thenable.js";
import { ignoreErrors } from "./ignore-errors.js";

const MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024;

/**
 * Hands a plugin's output to a writer of the caller's, byte for byte, and never waits for it: a writer that is slow, or fails, must
 * stall neither the plugin nor the host. What it has not taken is kept up to 16 MiB; beyond that, bytes are left out until it has.
 */
export class RawWriter {
  readonly #to: Writable;
  readonly #onTrouble: (what: string) => void;
  readonly #listenNoMore: () => void;
  #unwritten = 0;
  #failed = false;
  #ended = false;
  #told = false;

  /** @param onTrouble Told once, with the end of a sentence. */
  constructor(to: Writable, onTrouble: (what: string) => void) {
    this.#to = to;
    this.#onTrouble = onTrouble;
    this.#listenNoMore = ignoreErrors(to);
  }

  write(chunk: Uint8Array): void {
    if (this.#to.destroyed || this.#to.writableEnded) return this.#tell("it has ended");
    if (this.#unwritten + chunk.length > MAX_UNWRITTEN_BYTES) {
      return this.#tell(`it has not taken the last ${this.#unwritten} bytes`);
    }
    try {
      this.#unwritten += chunk.length;
      // A copy: the chunk is ours no longer than for this moment.
      const result: unknown = this.#to.write(Buffer.from(chunk), (error) => {
        this.#unwritten -= chunk.length;
        if (error) this.#failed = true;
        this.#letGo();
      });
      // What only looks like a stream may be an async function.
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.#tell(`it rejected: ${messageOf(error)}`));
    } catch (error) {
      this.#unwritten -= chunk.length;
      this.#tell(`it threw: ${messageOf(error)}`);
    }
    // Something that only looks like a stream takes everything at once, and calls nobody back.
    if (typeof this.#to.writableLength !== "number") this.#unwritten = 0;
  }

  /** Nothing more is written. The writer itself is the caller's, and stays open. */
  end(): void {
    this.#ended = true;
    this.#letGo();
  }

  #letGo(): void {
    // The error of a writer that has failed, or was destroyed, may be emitted yet: it is listened to for ever.
    if (this.#ended && this.#unwritten <= 0 && !this.#failed && !this.#to.destroyed) this.#listenNoMore();
  }

  #tell(what: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#onTrouble(what);
  }
}

function messageOf(error: unknown): string | undefined {
  return (error as Error | null | undefined)?.message;
}
