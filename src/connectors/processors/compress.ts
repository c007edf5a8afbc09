import { promisify } from "node:util";
import { deflate, deflateSync, gzip, gzipSync } from "node:zlib";
import type { Postprocessor } from "./processor.js";

export type Algorithm = "gzip" | "zlib";

// Below it the way to another thread and back costs more than the work.
const SHORT_BYTES = 16_384;
const NOW = { gzip: gzipSync, zlib: deflateSync };
const LATER = { gzip: promisify(gzip), zlib: promisify(deflate) };

/** @param level As zlib has it: 1 is fast, 9 is small. @default that of zlib, 6 */
export function compress(algorithm: Algorithm, level: number | undefined): Postprocessor {
  const options = level === undefined ? {} : { level };
  return {
    push(data) {
      const bytes = Buffer.from(data as string);
      return bytes.length <= SHORT_BYTES ? NOW[algorithm](bytes, options) : LATER[algorithm](bytes, options);
    },
  };
}
