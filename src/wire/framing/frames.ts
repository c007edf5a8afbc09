/** The length of what follows it (u32, big-endian), then the kind (u8). */
export const HEADER_BYTES = 5;
/** The kind of a frame that holds lines. */
export const LINES = 0;
/** The kind of a frame that holds one message, and raw bytes beside it. */
export const MIXED = 1;

/** In characters: so much Node.js writes of a text without memory of its own. */
const LONGEST_TEXT = 16 * 1_024 - HEADER_BYTES;
/** In characters: a batch of a busy connection. */
const LONGEST_IN_SCRATCH = 20 * 1_024;
const MIN_SCRATCH = 4 * 1_024;
/** Up to so many, raw bytes are copied beside their message: that costs less than a write of their own. */
const COPY_BYTES = 16 * 1024;
/** Pieces up to this length are copied together: each by itself would cost a write of its own. */
const SMALL_PIECE_BYTES = 4 * 1024;

/** Lines as a frame. */
export function linesFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.write(text, HEADER_BYTES);
  return finished(frame, length);
}

/**
 * Lines as the text of a frame, one character for each byte: no memory is needed for it. Undefined where they are long, or hold more
 * than ASCII.
 */
export function textFrame(lines: string): string | undefined {
  const { length } = lines;
  if (length > LONGEST_TEXT || Buffer.byteLength(lines) !== length) return undefined;
  return `${String.fromCharCode(0, 0, (length + 1) >>> 8, (length + 1) & 255, LINES)}${lines}`;
}

/** Makes frames in one piece of memory over and over: a frame is good until the next one is made. */
export class FrameScratch {
  #memory: Buffer = Buffer.alloc(0);

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
