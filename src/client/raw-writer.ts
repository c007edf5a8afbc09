import type { Writable } from "node:stream";

const MOST_UNWRITTEN_BYTES = 16 * 1024 * 1024;

/**
 * Hands a plugin's output to a writer of the caller's, byte for byte, and never waits for it: a writer that is slow, or fails, must
 * stall neither the plugin nor the host. What it has not taken is kept up to 16 MiB; beyond that, bytes are left out until it has.
 */
export class RawWriter {
  readonly #to: Writable;
  readonly #onTrouble: (what: string) => void;
  #unwritten = 0;
  #told = false;

  /** @param onTrouble Told once, with the end of a sentence. */
  constructor(to: Writable, onTrouble: (what: string) => void) {
    this.#to = to;
    this.#onTrouble = onTrouble;
    // Without a listener a writer that fails would end the host. It belongs to the caller, who may have one of their own.
    if (to.listenerCount?.("error") === 0) to.on("error", () => {});
  }

  write(chunk: Uint8Array): void {
    if (this.#to.destroyed || this.#to.writableEnded) return this.#tell("it has ended");
    if (this.#unwritten + chunk.length > MOST_UNWRITTEN_BYTES) {
      return this.#tell(`it has not taken the last ${this.#unwritten} bytes`);
    }
    try {
      this.#unwritten += chunk.length;
      // A copy: the chunk is ours no longer than for this moment.
      this.#to.write(Buffer.from(chunk), () => {
        this.#unwritten -= chunk.length;
      });
    } catch (error) {
      this.#unwritten -= chunk.length;
      this.#tell(`it threw: ${(error as Error | undefined)?.message}`);
    }
    // Something that only looks like a stream takes everything at once, and calls nobody back.
    if (typeof this.#to.writableLength !== "number") this.#unwritten = 0;
  }

  #tell(what: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#onTrouble(what);
  }
}
