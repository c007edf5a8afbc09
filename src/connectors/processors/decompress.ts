import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import type { Algorithm } from "./compress.js";
import { adler32, gzipHeader, type Header, zlibHeader } from "./member-headers.js";
import { cutOff, Fault, NOTHING, type Pieces, type Preprocessor, tooLong } from "./processor.js";

export interface DecompressConfig {
  /** Undefined: as each member says. */
  readonly algorithm: Algorithm | undefined;
  readonly maxLength: number;
}

const TRAILER_BYTES = { gzip: 8, zlib: 4 };

/**
 * Compressed members, one after the other: each is one piece, wherever frames cut it. Headers and trailers are read here: the streams of
 * node:zlib do not tell where one member ends and the next begins.
 *
 * What is no member, or would become too long, is given up with the rest of its frame; not a byte beyond `max_length` is decompressed.
 */
export class Decompress implements Preprocessor {
  readonly #config: DecompressConfig;
  #member: Member | undefined;

  constructor(config: DecompressConfig) {
    this.#config = config;
  }

  async push(data: Buffer): Promise<Pieces> {
    const pieces: Buffer[] = [];
    let rest = data;
    try {
      while (rest.length > 0) {
        this.#member ??= new Member(this.#config.algorithm ?? algorithmOf(rest[0] as number), this.#config.maxLength);
        rest = await this.#member.push(rest);
        if (this.#member.piece === undefined) continue;
        pieces.push(this.#member.piece);
        this.#member = undefined;
      }
    } catch (error) {
      this.#member?.end();
      this.#member = undefined;
      return [...pieces, error instanceof Fault ? error : new Fault("PROTOCOL_VIOLATION", (error as Error).message, data)];
    }
    return pieces;
  }

  end(): Pieces {
    if (this.#member === undefined) return NOTHING;
    this.#member.end();
    this.#member = undefined;
    return cutOff("what is compressed");
  }
}

function algorithmOf(first: number): Algorithm {
  if (first === 0x1f) return "gzip";
  if ((first & 15) === 8) return "zlib";
  throw new Error("it is neither gzip nor zlib");
}

class Member {
  readonly #algorithm: Algorithm;
  readonly #maxLength: number;
  readonly #header: Header;
  readonly #inflated: Buffer[] = [];
  #length = 0;
  #step: "header" | "data" | "trailer" = "header";
  #inflate: InflateRaw | undefined;
  #trailer: Buffer = Buffer.alloc(0);
  /** Once it is whole. */
  piece: Buffer | undefined;

  constructor(algorithm: Algorithm, maxLength: number) {
    this.#algorithm = algorithm;
    this.#maxLength = maxLength;
    this.#header = algorithm === "gzip" ? gzipHeader() : zlibHeader();
    // Up to where it takes the first byte.
    this.#header.next(0);
  }

  /** Takes what belongs to it, and gives the rest. @throws {Fault | Error} */
  async push(data: Buffer): Promise<Buffer> {
    let rest = data;
    for (let at = 0; this.#step === "header" && at < data.length; rest = data.subarray(at)) {
      if (this.#header.next(data[at++] as number).done === true) this.#step = "data";
    }
    if (this.#step === "data" && rest.length > 0) rest = await this.#unpack(rest);
    return this.#step === "trailer" ? this.#close(rest) : rest;
  }

  end(): void {
    this.#inflate?.destroy();
  }

  #unpack(data: Buffer): Promise<Buffer> {
    this.#inflate ??= createInflateRaw();
    const inflate = this.#inflate;
    const before = inflate.bytesWritten;
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        inflate.removeAllListeners();
        how();
      };
      inflate.on("data", (part: Buffer) => {
        this.#inflated.push(part);
        this.#length += part.length;
        if (this.#length > this.#maxLength) settle(() => reject(tooLong(this.#maxLength)));
      });
      inflate.on("error", () => settle(() => reject(new Error(`it is not ${this.#algorithm}`))));
      // Tells that it needs no more, but only where something follows: so the end of what is deflated is known as the trailer begins.
      inflate.on("end", () => {
        this.#step = "trailer";
        settle(() => resolve(data.subarray(inflate.bytesWritten - before)));
      });
      inflate.write(data, () => settle(() => resolve(data.subarray(data.length))));
    });
  }

  #close(data: Buffer): Buffer {
    const missing = TRAILER_BYTES[this.#algorithm] - this.#trailer.length;
    this.#trailer = Buffer.concat([this.#trailer, data.subarray(0, missing)]);
    if (data.length >= missing) {
      this.end();
      this.piece = Buffer.concat(this.#inflated);
      if (!this.#isIntact(this.piece)) throw new Error("its checksum is wrong");
    }
    return data.subarray(missing);
  }

  #isIntact(data: Buffer): boolean {
    if (this.#algorithm === "zlib") return this.#trailer.readUInt32BE() === adler32(data);
    return this.#trailer.readUInt32LE() === crc32(data) && this.#trailer.readUInt32LE(4) === data.length % 2 ** 32;
  }
}
