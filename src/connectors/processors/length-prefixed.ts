import { cutOff, Fault, NOTHING, type Pieces, type Postprocessor, type Preprocessor, tooLong } from "./processor.js";

const PREFIX_BYTES = 8;

/** How long the next piece is, read byte by byte: undefined as long as more is needed. */
interface Prefix {
  push(byte: number): number | Fault | undefined;
  /** Has it begun? */
  readonly begun: boolean;
}

/** Pieces that begin with their length. One that is too long is given up. */
class Prefixed implements Preprocessor {
  readonly #prefix: Prefix;
  readonly #maxLength: number;
  #held: Buffer[] = [];
  /** Bytes that the piece still needs; undefined while its length is being read. */
  #missing: number | undefined;
  #skips = false;

  constructor(prefix: Prefix, maxLength: number) {
    this.#prefix = prefix;
    this.#maxLength = maxLength;
  }

  push(data: Buffer): Pieces {
    const pieces: (Buffer | Fault)[] = [];
    let at = 0;
    while (at < data.length) {
      if (this.#missing !== undefined) at = this.#take(data, at, this.#missing, pieces);
      else if (!this.#begin(data[at++] as number, pieces)) return pieces;
    }
    return pieces;
  }

  end(): Pieces {
    return this.#missing !== undefined || this.#prefix.begun
      ? cutOff("a piece, of which its length was known", Buffer.concat(this.#held))
      : NOTHING;
  }

  /** Returns false where the length is none: where the next piece begins is not known, so the rest of the frame is given up. */
  #begin(byte: number, pieces: (Buffer | Fault)[]): boolean {
    const length = this.#prefix.push(byte);
    if (length === undefined) return true;
    if (length instanceof Fault) return pieces.push(length) < 0;
    this.#skips = length > this.#maxLength;
    if (this.#skips) pieces.push(tooLong(this.#maxLength));
    this.#missing = length;
    if (length === 0) this.#finish(pieces);
    return true;
  }

  #take(data: Buffer, from: number, missing: number, pieces: (Buffer | Fault)[]): number {
    const part = data.subarray(from, from + missing);
    this.#missing = missing - part.length;
    const isWhole = this.#missing === 0;
    // A copy of what waits: else a few bytes would keep a whole chunk of the socket's.
    if (!this.#skips) this.#held.push(isWhole ? part : Buffer.from(part));
    if (isWhole) this.#finish(pieces);
    return from + part.length;
  }

  #finish(pieces: (Buffer | Fault)[]): void {
    if (!this.#skips) pieces.push(this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held));
    this.#held = [];
    this.#missing = undefined;
  }
}

/** Eight bytes, the highest first. */
class BinaryPrefix implements Prefix {
  #count = 0;
  #length = 0;

  get begun(): boolean {
    return this.#count > 0;
  }

  push(byte: number): number | undefined {
    // Beyond 2^53 it is not exact, and far beyond any limit.
    this.#length = this.#length * 256 + byte;
    if (++this.#count < PREFIX_BYTES) return undefined;
    const length = this.#length;
    this.#count = this.#length = 0;
    return length;
  }
}

/** Decimal digits and a space. */
class TextualPrefix implements Prefix {
  #digits = "";

  get begun(): boolean {
    return this.#digits !== "";
  }

  push(byte: number): number | Fault | undefined {
    const isDigit = byte >= 48 && byte <= 57;
    if (isDigit && this.#digits.length < 16) {
      this.#digits += String.fromCharCode(byte);
      return undefined;
    }
    const digits = this.#digits;
    this.#digits = "";
    if (byte === 32 && digits !== "") return Number(digits);
    return new Fault("PROTOCOL_VIOLATION", "it does not begin with its length in digits and a space");
  }
}

export const lengthPrefixed = (maxLength: number): Preprocessor => new Prefixed(new BinaryPrefix(), maxLength);

export const textualLengthPrefixed = (maxLength: number): Preprocessor => new Prefixed(new TextualPrefix(), maxLength);

export const prefixLength: Postprocessor = {
  push(data) {
    const bytes = Buffer.from(data as string);
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeBigUInt64BE(BigInt(bytes.length));
    return Buffer.concat([prefix, bytes]);
  },
};

export const prefixTextualLength: Postprocessor = {
  push: (data) => (typeof data === "string" ? `${Buffer.byteLength(data)} ${data}` : Buffer.concat([Buffer.from(`${data.length} `), data])),
};
