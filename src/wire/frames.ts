import { keepFreedMemory } from "./keep-memory.js";
import { LineError, textOf } from "./lines.js";

// Length (u32, big-endian) of what follows it, then the kind (u8).
const HEADER_BYTES = 5;
const NEWLINE = 10;
/** In characters: a batch of a busy connection. */
const LONGEST_IN_SCRATCH = 20 * 1_024;
const MIN_SCRATCH = 4 * 1_024;
const NOTHING = Buffer.alloc(0);
const LINES = 0;
const MIXED = 1;

/** Lines of one frame may be so long together, whatever one of them may be. A sender joins fewer. */
const MAX_LINES_BYTES = 1024 * 1024;

/** Up to so many, raw bytes are copied beside their message: that costs less than a write of their own. */
const COPY_BYTES = 16 * 1024;

/** Beyond it memory for a frame is mapped by itself. */
const LONG_BYTES = 256 * 1024;
/** Pieces up to this length are copied together: each by itself would cost a write of its own. */
const SMALL_PIECE_BYTES = 4 * 1024;

/** What a frame holds. */
export type Frame = { readonly text: string } | { readonly message: string; readonly bytes: Uint8Array };

/** Bytes that are no frame; the message is the end of a sentence. `before` is the text of good lines in the same frame. */
export class FrameError extends LineError {
  constructor(message: string, before?: string) {
    super(message, before);
  }
}

/** Lines as a frame. */
export function linesFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.write(text, HEADER_BYTES);
  return finished(frame, length);
}

/** Makes frames in one piece of memory over and over: whoever calls it is done with a frame before the next. */
export class FrameScratch {
  #memory: Buffer = NOTHING;

  /** As linesFrame(). */
  frame(text: string): Buffer {
    if (text.length > LONGEST_IN_SCRATCH) return linesFrame(text);
    // No count first: that costs more than memory for the longest that the text may become.
    const most = HEADER_BYTES + text.length * 3;
    if (this.#memory.length < most) this.#memory = Buffer.allocUnsafeSlow(Math.max(MIN_SCRATCH, most * 2));
    const length = this.#memory.write(text, HEADER_BYTES);
    return finished(this.#memory, length).subarray(0, HEADER_BYTES + length);
  }
}

function finished(frame: Buffer, length: number): Buffer {
  writeLength(frame, length + 1);
  frame[4] = LINES;
  return frame;
}

function writeLength(frame: Buffer, length: number): void {
  frame[0] = length >>> 24;
  frame[1] = length >>> 16;
  frame[2] = length >>> 8;
  frame[3] = length;
}

/** A message with raw bytes beside it, as the pieces of one frame: more than a few bytes are not copied. */
export function mixedFrame(message: string, bytes: readonly Uint8Array[]): Uint8Array[] {
  const messageLength = Buffer.byteLength(message);
  const rawLength = bytes.reduce((sum, { length }) => sum + length, 0);
  const head = Buffer.allocUnsafe(HEADER_BYTES + 4 + messageLength);
  writeLength(head, 1 + 4 + messageLength + rawLength);
  head[4] = MIXED;
  head.writeUInt32BE(messageLength, HEADER_BYTES);
  head.write(message, HEADER_BYTES + 4);
  const pieces = [head, ...bytes];
  return rawLength > COPY_BYTES ? joined(pieces) : [Buffer.concat(pieces)];
}

/** The same bytes in fewer pieces, none of them empty. */
function joined(pieces: readonly Uint8Array[]): Uint8Array[] {
  const larger: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const join = (): void => {
    if (small.length > 0) larger.push(small.length === 1 ? (small[0] as Uint8Array) : Buffer.concat(small));
    small = [];
  };
  for (const piece of pieces) {
    if (piece.length > SMALL_PIECE_BYTES) {
      join();
      larger.push(piece);
    } else if (piece.length > 0) small.push(piece);
  }
  join();
  return larger;
}

/**
 * Byte chunks to frames. Raw bytes are in memory of their frame's own, copied there once: whoever gets them may keep them, or
 * transfer them to a thread, and neither holds nor loses what else arrived with them.
 */
export class FrameReader {
  readonly #maxMessageBytes: number;
  readonly #maxRawBytes: number;
  #head: Buffer = NOTHING;
  #body: Buffer | undefined;
  #filled = 0;

  constructor(maxMessageBytes: number, maxRawBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#maxRawBytes = maxRawBytes;
  }

  /** Bytes that the frame lacks whose beginning is held; 0 where its length is not known. */
  get missing(): number {
    return this.#body === undefined ? 0 : this.#body.length - this.#filled;
  }

  /** True while the beginning of a frame is held. */
  get partial(): boolean {
    return this.#head.length > 0 || this.#body !== undefined;
  }

  /**
   * The lines of a chunk that is one whole frame of them, which is what most chunks are; undefined for any other, which push() takes.
   * @throws {FrameError} As push().
   */
  only(chunk: Buffer): string | undefined {
    if (chunk[4] !== LINES || this.#body !== undefined || this.#head.length > 0 || chunk.length < 6) return undefined;
    const length = chunk.readUInt32BE(0);
    if (length + 4 !== chunk.length || length > this.#maxMessageBytes) return undefined;
    return this.#text(chunk.subarray(HEADER_BYTES, chunk[chunk.length - 1] === NEWLINE ? chunk.length - 1 : chunk.length));
  }

  /**
   * Takes a chunk and yields the frames that it completes.
   * @throws {FrameError} A frame that is too large or of no known kind, or text that is not UTF-8: with the end of a sentence.
   */
  *push(chunk: Buffer): Generator<Frame> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#body === undefined) {
        const head: Buffer = this.#head.length === 0 ? rest : Buffer.concat([this.#head, rest]);
        if (head.length < HEADER_BYTES) {
          this.#head = Buffer.from(head);
          return;
        }
        const length = this.#checkLength(head.readUInt32BE(0), head[4] as number);
        this.#head = NOTHING;
        const frame = head.subarray(4);
        if (frame.length >= length) {
          yield this.#open(frame.subarray(0, length), true);
          rest = frame.subarray(length);
          continue;
        }
        if (length > LONG_BYTES) keepFreedMemory();
        this.#body = Buffer.allocUnsafeSlow(length);
        this.#filled = 0;
        rest = frame;
      }
      const body: Buffer = this.#body;
      const part = rest.subarray(0, body.length - this.#filled);
      body.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
      if (this.#filled < body.length) return;
      this.#body = undefined;
      yield this.#open(body, false);
    }
  }

  #checkLength(length: number, kind: number): number {
    if (kind !== LINES && kind !== MIXED) throw new FrameError(`it is a frame of kind ${kind}, which is not known`);
    const most =
      1 + (kind === LINES ? Math.max(this.#maxMessageBytes + 1, MAX_LINES_BYTES) : 4 + this.#maxMessageBytes + this.#maxRawBytes);
    if (length > most) throw new FrameError(`it is a frame of ${length} bytes, and ${most} are taken`);
    if (length < (kind === LINES ? 2 : 5)) throw new FrameError("it is a frame without a message");
    return length;
  }

  /** @param isShared The frame lies in memory that holds more than it. */
  #open(frame: Buffer, isShared: boolean): Frame {
    if (frame[0] === LINES) {
      const end = frame[frame.length - 1] === NEWLINE ? frame.length - 1 : frame.length;
      return { text: this.#text(frame.subarray(1, end)) };
    }
    const messageEnd = 5 + frame.readUInt32BE(1);
    if (messageEnd > frame.length) throw new FrameError("its message is longer than its frame");
    const rawLength = frame.length - messageEnd;
    if (rawLength > this.#maxRawBytes) throw new FrameError(`its raw bytes are more than ${this.#maxRawBytes}`);
    const message = this.#text(frame.subarray(5, messageEnd));
    const bytes = new Uint8Array(frame.buffer, frame.byteOffset + messageEnd, rawLength);
    return { message, bytes: isShared ? bytes.slice() : bytes };
  }

  #text(bytes: Buffer): string {
    try {
      return textOf(bytes, this.#maxMessageBytes);
    } catch (error) {
      throw error instanceof LineError ? new FrameError(error.message, error.before) : error;
    }
  }
}
