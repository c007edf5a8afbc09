/** Reads a header byte by byte: gives true once it is whole. @throws {Error} It is none. */
export type Header = Generator<undefined, void, number>;

const NAME_BYTES = 65_536;

/** @see RFC 1952, section 2.3 */
export function* gzipHeader(): Header {
  if ((yield) !== 0x1f || (yield) !== 0x8b) throw new Error("it is not gzip");
  if ((yield) !== 8) throw new Error("it is compressed by another method than deflate");
  const flags = yield;
  // Time, extra flags and system.
  for (let count = 0; count < 6; count++) yield;
  if ((flags & 4) !== 0) {
    const length = (yield) + 256 * (yield);
    for (let count = 0; count < length; count++) yield;
  }
  if ((flags & 8) !== 0) yield* text();
  if ((flags & 16) !== 0) yield* text();
  if ((flags & 2) !== 0) {
    yield;
    yield;
  }
}

/** A name or a comment, which ends with a zero. */
function* text(): Header {
  for (let count = 0; count < NAME_BYTES; count++) if ((yield) === 0) return;
  throw new Error("the name in its header is too long");
}

/** @see RFC 1950, section 2.2 */
export function* zlibHeader(): Header {
  const method = yield;
  const flags = yield;
  if ((method & 15) !== 8 || (method * 256 + flags) % 31 !== 0) throw new Error("it is not zlib");
  if ((flags & 32) !== 0) throw new Error("it needs a dictionary");
}

/** @see RFC 1950, section 8.2 */
export function adler32(data: Buffer): number {
  let a = 1;
  let b = 0;
  for (let index = 0; index < data.length; ) {
    // So many additions stay below 2^32.
    for (const end = Math.min(index + 3_800, data.length); index < end; index++) {
      a += data[index] as number;
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return b * 65_536 + a;
}
