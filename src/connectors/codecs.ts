import { isUtf8 } from "node:buffer";
import { isWithinDepth } from "../util/depth.js";
import { withFunctions } from "../util/options/functions.js";
import { mistake, type OptionsSource, wrong } from "../util/options/source.js";

/** Values to bytes, and back. What it throws is the cause of the error that tells of it. */
export interface Codec {
  /** For errors. */
  readonly name: string;
  /** What a postprocessor or a frame is given of an event's data. */
  encode(data: unknown): string | Uint8Array;
  /** An event's data, of what the last preprocessor gave, or of a whole frame. */
  decode(data: Uint8Array): unknown;
}

// 16 MB of opening brackets would hold the parser up for seconds; what people write is never so deep.
const MAX_DEPTH = 1_000;

const json: Codec = {
  name: "json",
  encode(data) {
    const text: string | undefined = JSON.stringify(data);
    if (text === undefined) throw new TypeError("JSON has no such value");
    return text;
  },
  decode: (data) => parse(textOf(data)),
};

const string: Codec = {
  name: "string",
  encode(data) {
    if (typeof data !== "string") throw new TypeError("it is no text");
    return data;
  },
  decode: textOf,
};

const binary: Codec = {
  name: "binary",
  encode(data) {
    if (!(data instanceof Uint8Array)) throw new TypeError("it is no Uint8Array");
    return data;
  },
  decode: (data) => data,
};

const CODECS: ReadonlyMap<unknown, Codec> = new Map([json, string, binary].map((codec) => [codec.name, codec]));

/** What the codecs that read text make of it, where that is known to be UTF-8. */
const OF_TEXT: ReadonlyMap<Codec, (text: string) => unknown> = new Map<Codec, (text: string) => unknown>([
  [json, parse],
  [string, (text) => text],
]);

/** How a codec decodes a text; undefined where it reads bytes. */
export function textDecoderOf(codec: Codec): ((text: string) => unknown) | undefined {
  return OF_TEXT.get(codec);
}

/** Reads the option `codec`. @throws {TypeError} */
export function readCodec(from: OptionsSource): Codec {
  const { codec } = from.values;
  const known = CODECS.get(codec);
  if (known !== undefined) return known;
  if (typeof codec !== "object" || codec === null)
    throw wrong(from, "codec", codec, '"json", "string", "binary", or an object with name, encode and decode');
  const own = withFunctions<Codec>(from, "codec", ["encode", "decode"]) as Codec;
  if (typeof own.name !== "string") throw mistake(from, "codec.name must be a text");
  return own;
}

function parse(text: string): unknown {
  if (!isWithinDepth(text, 0, text.length, MAX_DEPTH)) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`);
  return JSON.parse(text);
}

function textOf(data: Uint8Array): string {
  if (!isUtf8(data)) throw new TypeError("it is not UTF-8");
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
}
