import { isAscii, isUtf8 } from "node:buffer";
import { Unsendable } from "./references/unsendable.js";

/** Texts of so many characters travel beside the JSON: for shorter ones the escapes cost less than another piece to write. */
export const LONG_TEXT: number = 16 * 1024;

/** Raw bytes cost no parsing: a message may have so many times more of them than of JSON. */
const RAW_FACTOR = 8;
// The length of a frame has 32 bits: what stands around the message and the bytes, and the message, are in it, too.
const MAX_FRAME_BYTES = 2 ** 32 - 1;
const AROUND_BYTES = 1 + 4;

/** How many raw bytes a message may have beside its JSON. */
export function maxRawBytes(maxMessageBytes: number): number {
  return Math.min(maxMessageBytes * RAW_FACTOR, MAX_FRAME_BYTES - AROUND_BYTES - maxMessageBytes);
}

const QUOTES = 2;
const NULL = 4;
const REFS = `"refs":,`.length;

/** What a connection carries beside the JSON of its messages; as it is now, for the handshake agrees on it. */
export class AttachmentPolicy {
  /** Bytes as they are. */
  raw = false;
  /** From how many characters on a text is left out of the JSON. */
  longText: number = Number.POSITIVE_INFINITY;

  /** For one message; undefined where all has to be in its JSON. @param copies The caller may change the bytes at once. */
  attachments(copies = false): Attachments | undefined {
    return this.raw ? new Attachments(this.longText, copies) : undefined;
  }
}

/** What goes beside the JSON of one message, piece by piece. */
export class Attachments {
  readonly #pieces: Uint8Array[] = [];
  /** In bytes. */
  length = 0;
  /** By how much the message would be longer with its texts in the JSON, and no refs to them; at the least, for escapes are not counted. */
  textExcess = 0;
  #textCount = 0;
  readonly #longText: number;
  readonly #copies: boolean;

  constructor(longText: number, copies = false) {
    this.#longText = longText;
    this.#copies = copies;
  }

  /** What was taken up; undefined if nothing was. */
  get pieces(): readonly Uint8Array[] | undefined {
    return this.#pieces.length === 0 ? undefined : this.#pieces;
  }

  /** Takes bytes up, whose length does not change. Returns their ref. */
  add(bytes: Uint8Array): readonly [offset: number, length: number] {
    return this.#put(this.#copies ? new Uint8Array(bytes) : bytes);
  }

  /** Takes a long text up. Undefined for one that has to stay in the JSON: half of a surrogate pair is no UTF-8. */
  addText(text: string): readonly [offset: number, length: number] | undefined {
    if (text.length < this.#longText || !isWellFormed(text)) return undefined;
    const bytes = Buffer.from(text);
    this.textExcess += bytes.length + QUOTES - NULL;
    this.#textCount++;
    return this.#put(bytes);
  }

  /**
   * Told of all refs once nothing more is taken up.
   * @throws {Unsendable} A getter or a toJSON took the memory of bytes away that were taken up before: the refs would lead nowhere.
   */
  seal(refs: Readonly<Record<string, unknown>>): void {
    const length = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length !== this.length) throw new Unsendable("", "holds bytes whose memory was transferred while it was written");
    if (this.#textCount > 0) this.textExcess -= JSON.stringify(refs).length + REFS;
  }

  #put(bytes: Uint8Array): readonly [offset: number, length: number] {
    this.#pieces.push(bytes);
    this.length += bytes.length;
    return [this.length - bytes.length, bytes.length];
  }
}

/** What came beside the JSON of one message. */
export class ReceivedAttachments {
  readonly #raw: Uint8Array | undefined;
  #isShared = false;
  // Refs may share bytes, and each text and each copy is made anew.
  #textBytesLeft: number;
  #copiedBytesLeft: number;

  /** @param raw None where the message came as a line. */
  constructor(raw: Uint8Array | undefined, maxMessageBytes: number) {
    this.#raw = raw;
    this.#textBytesLeft = maxMessageBytes;
    this.#copiedBytesLeft = maxRawBytes(maxMessageBytes);
  }

  /** The bytes of a ref: base64, or a part of the raw bytes. Undefined if it is neither, or if all copies together are too long. */
  bytes(ref: unknown): Uint8Array | undefined {
    if (typeof ref === "string") return this.#raw === undefined ? bytesOfBase64(ref) : undefined;
    const part = this.#part(ref);
    if (part === undefined) return undefined;
    // No Buffer, over lines it is none either; no small part of a large chunk, all of which it would keep alive; and none in memory
    // that others of the message are in, for the handler that gets it may transfer it.
    if (this.#isShared || part.length * 4 < part.buffer.byteLength) {
      return (this.#copiedBytesLeft -= part.length) < 0 ? undefined : new Uint8Array(part);
    }
    this.#isShared = true;
    return part;
  }

  /** The text of a ref. Undefined if there is none, if it is not UTF-8, or if all texts together are too long. */
  text(ref: unknown): string | undefined {
    const part = this.#part(ref);
    if (part === undefined || (this.#textBytesLeft -= part.length) < 0) return undefined;
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.length);
    if (isAscii(bytes)) return bytes.toString("latin1");
    return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
  }

  #part(ref: unknown): Uint8Array | undefined {
    const raw = this.#raw;
    if (raw === undefined || !Array.isArray(ref) || ref.length !== 2) return undefined;
    const [offset, length] = ref as unknown[];
    if (!isCount(offset) || !isCount(length) || offset + length > raw.length) return undefined;
    return new Uint8Array(raw.buffer, raw.byteOffset + offset, length);
  }
}

function bytesOfBase64(ref: string): Uint8Array | undefined {
  if (ref.length % 4 !== 0) return undefined;
  // Memory of its own: small Buffers share theirs, and `bytes.buffer` would hold other people's.
  const bytes = new Uint8Array((ref.length / 4) * 3 - (ref.endsWith("==") ? 2 : ref.endsWith("=") ? 1 : 0));
  // What is no base64 is left out, and then something is missing.
  return Buffer.from(bytes.buffer).write(ref, "base64") === bytes.length ? bytes : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

// In Node.js since 20.0, and in TypeScript's libraries since a later year's.
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
