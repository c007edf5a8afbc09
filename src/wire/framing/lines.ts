import { isAscii, isUtf8 } from "node:buffer";

const NEWLINE = 10;
const BLOCK_BYTES = 16 * 1024;

/** Byte chunks to newline-ended text. Linear in the bytes, however they are cut. */
export class LineReader {
  /** The longest line to take, in bytes without its newline. */
  maxBytes: number;
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #block: Buffer | undefined;
  #blockUsed = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** True while the beginning of a line is held. */
  get partial(): boolean {
    return this.#restBytes > 0;
  }

  /**
   * Takes a chunk and returns all lines that it completes, without the last newline, or undefined if there are none.
   * @throws {LineError} Bytes that are no lines. Lines before them are not lost: the error holds them.
   */
  push(chunk: Uint8Array): string | undefined {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.#hold(chunk);
      return undefined;
    }
    const complete = this.#restBytes === 0 ? bufferOf(chunk, 0, last) : this.#release(chunk.subarray(0, last));
    const text = textOf(complete, this.maxBytes);
    if (last + 1 < chunk.length) this.#hold(chunk.subarray(last + 1), text);
    return text;
  }

  #hold(bytes: Uint8Array, before?: string): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > this.maxBytes) throw new LineError(tooLong(this.maxBytes), before);
    if (bytes.length >= BLOCK_BYTES / 4) {
      this.#sealBlock();
      // A copy: the chunk's memory may be used for the next one.
      this.#rest.push(Uint8Array.prototype.slice.call(bytes));
      return;
    }
    // A line that drips in byte by byte would cost a hundred times its size as a list of chunks.
    if (this.#block === undefined || this.#blockUsed + bytes.length > this.#block.length) {
      this.#sealBlock();
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    }
    this.#block.set(bytes, this.#blockUsed);
    this.#blockUsed += bytes.length;
  }

  #sealBlock(): void {
    if (this.#block !== undefined) this.#rest.push(this.#block.subarray(0, this.#blockUsed));
    this.#block = undefined;
    this.#blockUsed = 0;
  }

  #release(end: Uint8Array): Buffer {
    this.#sealBlock();
    const whole = Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    this.#restBytes = 0;
    return whole;
  }
}

/**
 * The text of lines that arrived together, without the last newline.
 * @throws {LineError} One of them is longer than `maxBytes`, or no UTF-8.
 */
export function textOf(bytes: Buffer, maxBytes: number): string {
  if (bytes.length > maxBytes) checkEach(bytes, maxBytes);
  if (isAscii(bytes)) return bytes.toString("latin1");
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new LineError("it is not UTF-8", goodLines(bytes));
}

/** Bytes that are no lines; `before` is the text of the lines that came before them. */
export class LineError extends Error {
  readonly before: string | undefined;

  constructor(message: string, before: string | undefined) {
    super(message);
    this.before = before;
  }
}

/** Why bytes could not be read, as the end of a sentence. What is no fault of theirs is the system's: there was no memory for them. */
export function whyUnreadable(error: unknown): string {
  return error instanceof LineError ? error.message : `there is no room for it here (${(error as Error).message})`;
}

function tooLong(maxBytes: number): string {
  return `it is longer than ${maxBytes} bytes`;
}

// Only where all lines together are longer than one may be, so that small messages are not searched twice.
function checkEach(bytes: Buffer, maxBytes: number): void {
  for (let start = 0; start <= bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    // If one before it is no UTF-8, that is the first fault, and this throws it.
    if (end - start > maxBytes) {
      throw new LineError(tooLong(maxBytes), start === 0 ? undefined : textOf(bytes.subarray(0, start - 1), maxBytes));
    }
    start = end + 1;
  }
}

/** The lines before the first that is not UTF-8. */
function goodLines(bytes: Buffer): string | undefined {
  let end = 0;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, end);
    if (newline < 0 || !isUtf8(bytes.subarray(end, newline))) break;
    end = newline + 1;
  }
  return end === 0 ? undefined : bytes.toString("utf8", 0, end - 1);
}

function bufferOf(bytes: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}
