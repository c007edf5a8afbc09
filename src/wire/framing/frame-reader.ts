import { HEADER_BYTES, LINES, MIXED } from "./frames.js";
import { LineError, textOf } from "./lines.js";

const NEWLINE = 10;
/** A frame up to this length is made a text in one step, and looked through afterwards. */
const SHORT_FRAME_BYTES = 64 * 1_024;
const NOTHING = Buffer.alloc(0);
/** Lines of one frame may be so long together, whatever one of them may be. A sender joins fewer. */
const MAX_LINES_BYTES = 1024 * 1024;
/** Memory for a frame that is longer is mapped by itself. */
const LONG_BYTES = 256 * 1024;

/** What a frame holds. */
export type Frame = { readonly text: string } | { readonly message: string; readonly bytes: Uint8Array };

/** Bytes that are no frame; the message is the end of a sentence. `before` is the text of good lines in the same frame. */
export class FrameError extends LineError {
  constructor(message: string, before?: string) {
    super(message, before);
  }
}

/** What a reader of frames is told. */
export interface FrameReaderOptions {
  readonly maxMessageBytes: number;
  readonly maxRawBytes: number;
  /** Called before memory is taken for a frame of more than 256 KiB. */
  readonly onLong?: (() => void) | undefined;
}

/**
 * Byte chunks to frames. Raw bytes are in memory of their frame's own, copied there once: a handler that gets them may keep them, or
 * transfer them to a thread, and neither holds nor loses what else arrived with them.
 */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  #head: Buffer = NOTHING;
  #body: Buffer | undefined;
  #filled = 0;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
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
   * @param end How much of the memory the chunk takes.
   * @throws {FrameError} As push().
   */
  only(memory: Buffer, end: number): string | undefined {
    if (end < 6 || memory[4] !== LINES || this.#body !== undefined || this.#head.length > 0) return undefined;
    const length = lengthIn(memory);
    if (length + 4 !== end || length > this.#options.maxMessageBytes) return undefined;
    const linesEnd = memory[end - 1] === NEWLINE ? end - 1 : end;
    if (end <= SHORT_FRAME_BYTES) {
      const text = memory.toString(undefined, HEADER_BYTES, linesEnd);
      // It stands for bytes that are no UTF-8, if it was not sent as it is.
      if (!text.includes("\ufffd")) return text;
    }
    return this.#text(memory.subarray(HEADER_BYTES, linesEnd));
  }

  /**
   * Takes a chunk and yields the frames that it completes.
   * @throws {FrameError} A frame that is too large or of no known kind, or text that is not UTF-8: with the end of a sentence.
   */
  *push(chunk: Buffer): Generator<Frame> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#body !== undefined) {
        rest = this.#fill(this.#body, rest);
        if (this.#filled === this.#body.length) yield this.#openBody(this.#body);
        continue;
      }
      const head: Buffer = this.#head.length === 0 ? rest : Buffer.concat([this.#head, rest]);
      if (head.length < HEADER_BYTES) {
        this.#head = Buffer.from(head);
        return;
      }
      this.#head = NOTHING;
      const length = this.#checkLength(lengthIn(head), head[4] as number);
      rest = head.subarray(4);
      if (rest.length >= length) {
        yield this.#open(rest.subarray(0, length), true);
        rest = rest.subarray(length);
      } else this.#begin(length);
    }
  }

  #begin(length: number): void {
    if (length > LONG_BYTES) this.#options.onLong?.();
    this.#body = memoryFor(length);
    this.#filled = 0;
  }

  /** Returns what of the bytes belongs to the frames after it. */
  #fill(body: Buffer, bytes: Buffer): Buffer {
    const part = bytes.subarray(0, body.length - this.#filled);
    body.set(part, this.#filled);
    this.#filled += part.length;
    return bytes.subarray(part.length);
  }

  #openBody(body: Buffer): Frame {
    this.#body = undefined;
    return this.#open(body, false);
  }

  #checkLength(length: number, kind: number): number {
    const { maxMessageBytes, maxRawBytes } = this.#options;
    if (kind !== LINES && kind !== MIXED) throw new FrameError(`it is a frame of kind ${kind}, which is not known`);
    const most = 1 + (kind === LINES ? Math.max(maxMessageBytes + 1, MAX_LINES_BYTES) : 4 + maxMessageBytes + maxRawBytes);
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
    const { maxRawBytes } = this.#options;
    const messageEnd = 5 + frame.readUInt32BE(1);
    if (messageEnd > frame.length) throw new FrameError("its message is longer than its frame");
    const rawLength = frame.length - messageEnd;
    if (rawLength > maxRawBytes) throw new FrameError(`its raw bytes are more than ${maxRawBytes}`);
    const message = this.#text(frame.subarray(5, messageEnd));
    const bytes = new Uint8Array(frame.buffer, frame.byteOffset + messageEnd, rawLength);
    return { message, bytes: isShared ? bytes.slice() : bytes };
  }

  #text(bytes: Buffer): string {
    try {
      return textOf(bytes, this.#options.maxMessageBytes);
    } catch (error) {
      throw error instanceof LineError ? new FrameError(error.message, error.before) : error;
    }
  }
}

// There may be none: a length is four bytes, which cost whoever sends them nothing.
function memoryFor(length: number): Buffer {
  try {
    return Buffer.allocUnsafeSlow(length);
  } catch {
    throw new FrameError(`it is a frame of ${length} bytes, for which there is no memory here`);
  }
}

function lengthIn(head: Buffer): number {
  return (((head[0] as number) << 24) | ((head[1] as number) << 16) | ((head[2] as number) << 8) | (head[3] as number)) >>> 0;
}
