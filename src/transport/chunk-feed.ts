import type { ConnectOpts } from "node:net";

/** What Node.js reads at once at the most, by itself. */
export const FULL_CHUNK_BYTES: number = 64 * 1024;
const MIN_CHUNK_BYTES = 4 * 1024;
/** The rest of a long frame is read in fewer steps. */
const LONG_MEMORY_BYTES = 256 * 1024;

/** Elsewhere than on Windows the system is asked for bytes when they are there, and they are dealt with before it is asked again. */
const isShared = process.platform !== "win32";
let sharedMemory: Buffer | undefined;

/**
 * What a socket reads, chunk by chunk, in one piece of memory over and over: memory of its own for each chunk costs a short answer a
 * tenth of its time, and a long one most of its garbage collection. A chunk is good until `take` returns.
 */
export class ChunkFeed {
  /** Given each chunk, by its memory and how much of that it takes. Set before the socket is resumed; until then it must be paused. */
  take: (memory: Buffer, length: number) => void = () => {};
  /** What comes next is surely more than a usual chunk, all of one message. */
  isLong = false;
  /** A chunk of so many bytes is all that a read could give: more is likely there. */
  fullBytes: number = FULL_CHUNK_BYTES;
  readonly #memory: Buffer;
  #usual: Buffer;

  constructor() {
    if (isShared) sharedMemory ??= Buffer.allocUnsafeSlow(LONG_MEMORY_BYTES);
    this.#memory = sharedMemory ?? Buffer.allocUnsafeSlow(LONG_MEMORY_BYTES);
    this.#usual = this.#memory.subarray(0, FULL_CHUNK_BYTES);
  }

  /** For `connect()`. */
  get onread(): NonNullable<ConnectOpts["onread"]> {
    return {
      buffer: () => (this.isLong ? this.#memory : this.#usual),
      callback: (length, chunk) => {
        this.take(chunk as Buffer, length);
        return true;
      },
    };
  }

  /** Told for how long reading a full chunk kept the program from all else, and how long that may be: what takes longer is read in smaller chunks. */
  took(ms: number, mostMs: number): void {
    if (ms > mostMs) this.#read(Math.max(MIN_CHUNK_BYTES, this.fullBytes / 2));
    else if (ms < mostMs / 2) this.#read(Math.min(FULL_CHUNK_BYTES, this.fullBytes * 2));
  }

  #read(bytes: number): void {
    this.fullBytes = bytes;
    this.#usual = this.#memory.subarray(0, bytes);
  }
}
