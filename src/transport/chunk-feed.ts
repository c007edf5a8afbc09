import type { ConnectOpts } from "node:net";

/** What Node.js reads at once at the most, by itself. More would keep others from their turn for longer, where all of it is short messages. */
export const FULL_CHUNK_BYTES: number = 64 * 1024;
/** The rest of a long packet is read in fewer steps. */
const LONG_MEMORY_BYTES = 256 * 1024;

/** Elsewhere than on Windows the system is asked for bytes when they are there, and they are dealt with before it is asked again. */
const isShared = process.platform !== "win32";
let sharedMemory: Buffer | undefined;

/**
 * What a socket reads, chunk by chunk, in one piece of memory over and over: memory of its own for each chunk costs a short answer a
 * tenth of its time, and a long one most of its garbage collection. A chunk is good until `take` returns.
 */
export class ChunkFeed {
  /** Given each chunk. Set before the socket is resumed; until then it must be paused. */
  take: (chunk: Buffer) => void = () => {};
  /** Says whether what comes next is surely more than a usual chunk, all of one message. */
  isLong: () => boolean = () => false;
  readonly #memory: Buffer;

  constructor() {
    if (isShared) sharedMemory ??= Buffer.allocUnsafeSlow(LONG_MEMORY_BYTES);
    this.#memory = sharedMemory ?? Buffer.allocUnsafeSlow(LONG_MEMORY_BYTES);
  }

  /** For `connect()`. */
  get onread(): NonNullable<ConnectOpts["onread"]> {
    const usual = this.#memory.subarray(0, FULL_CHUNK_BYTES);
    return {
      buffer: () => (this.isLong() ? this.#memory : usual),
      callback: (length, chunk) => {
        this.take(chunk.subarray(0, length) as Buffer);
        return true;
      },
    };
  }
}
