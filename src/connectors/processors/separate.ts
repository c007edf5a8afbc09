import { cutOff, type Fault, NOTHING, type Pieces, type Postprocessor, type Preprocessor, tooLong } from "./processor.js";

export interface SeparateConfig {
  readonly separator: Buffer;
  readonly maxLength: number;
  /** Does what follows the last separator of a frame wait for the next frame? */
  readonly buffered: boolean;
}

/** Cuts bytes at a separator. What is too long is given up, up to the next separator. */
export class Separate implements Preprocessor {
  readonly #separator: Buffer;
  readonly #maxLength: number;
  readonly #buffered: boolean;
  #held: Buffer[] = [];
  #length = 0;
  /** What is held of text frames, where nothing is held in bytes. */
  #text = "";
  /** What is held was too long: what follows it is left out, too. */
  #skips = false;

  constructor({ separator, maxLength, buffered }: SeparateConfig) {
    this.#separator = separator;
    this.#maxLength = maxLength;
    this.#buffered = buffered;
  }

  /**
   * The same for a text frame, which is UTF-8 as a whole: one text is cut for a fraction of what many pieces of bytes cost. Undefined where
   * it must be cut as bytes.
   */
  pushText(data: Buffer): string[] | undefined {
    // A longer separator may lie across the border; and what is too long is counted in bytes.
    if (this.#separator.length > 1 || this.#length > 0 || this.#skips || data.length + 3 * this.#text.length > this.#maxLength)
      return undefined;
    const pieces = (this.#text + data.toString()).split(this.#separator.toString("latin1"));
    const rest = pieces.pop() as string;
    if (!this.#buffered && rest !== "") pieces.push(rest);
    else this.#text = rest;
    return pieces;
  }

  push(data: Buffer): Pieces {
    this.#toBytes();
    const pieces: (Buffer | Fault)[] = [];
    let from = this.#acrossBorder(data, pieces);
    for (;;) {
      const at = data.indexOf(this.#separator, from);
      if (at < 0) break;
      this.#complete(data.subarray(from, at), pieces);
      from = at + this.#separator.length;
    }
    if (from < data.length) this.#hold(data, from, pieces);
    return pieces;
  }

  end(whole: boolean): Pieces {
    this.#toBytes();
    if (this.#length === 0 || this.#skips) return NOTHING;
    const pieces: (Buffer | Fault)[] = [];
    if (whole) this.#complete(Buffer.alloc(0), pieces);
    return whole ? pieces : cutOff("a piece, before its separator", Buffer.concat(this.#held));
  }

  #toBytes(): void {
    if (this.#text === "") return;
    this.#held = [Buffer.from(this.#text)];
    this.#length = (this.#held[0] as Buffer).length;
    this.#text = "";
  }

  /** Where the input goes on after a separator that began in what is held. */
  #acrossBorder(data: Buffer, pieces: (Buffer | Fault)[]): number {
    const { length } = this.#separator;
    if (length === 1 || this.#length === 0) return 0;
    const tail = this.#tail(length - 1);
    const at = Buffer.concat([tail, data.subarray(0, length - 1)]).indexOf(this.#separator);
    if (at < 0) return 0;
    const surplus = tail.length - at;
    this.#held = [Buffer.concat(this.#held).subarray(0, this.#length - surplus)];
    this.#length -= surplus;
    this.#complete(Buffer.alloc(0), pieces);
    return length - surplus;
  }

  /** The last bytes of what is held. */
  #tail(length: number): Buffer {
    const parts: Buffer[] = [];
    for (let index = this.#held.length - 1, left = length; index >= 0 && left > 0; index--) {
      const part = (this.#held[index] as Buffer).subarray(-left);
      parts.unshift(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  #complete(rest: Buffer, pieces: (Buffer | Fault)[]): void {
    const length = this.#length + rest.length;
    if (!this.#skips) {
      if (length > this.#maxLength) pieces.push(tooLong(this.#maxLength));
      else pieces.push(this.#length === 0 ? rest : Buffer.concat([...this.#held, rest]));
    }
    this.#held = [];
    this.#length = 0;
    this.#skips = false;
  }

  #hold(data: Buffer, from: number, pieces: (Buffer | Fault)[]): void {
    if (!this.#buffered) return this.#complete(data.subarray(from), pieces);
    // A copy: else a few bytes would keep a whole chunk of the socket's.
    const rest = Buffer.from(data.subarray(from));
    this.#held.push(rest);
    this.#length += rest.length;
    // The separator may have begun in it.
    const surplus = this.#separator.length - 1;
    if (this.#length <= this.#maxLength + surplus) return;
    if (!this.#skips) pieces.push(tooLong(this.#maxLength));
    this.#skips = true;
    this.#held = [this.#tail(surplus)];
    this.#length = surplus;
  }
}

/** Puts a separator behind each event. */
export function separateAfter(separator: string): Postprocessor {
  const bytes = Buffer.from(separator);
  return { push: (data) => (typeof data === "string" ? data + separator : Buffer.concat([data, bytes])) };
}
