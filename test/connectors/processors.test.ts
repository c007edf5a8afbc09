import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Processor, readPostprocessors, readPreprocessors } from "../../src/connectors/processors/by-name.js";
import { Fault, type Pieces, type Postprocessor, type Preprocessor } from "../../src/connectors/processors/processor.js";
import { readOptions } from "../../src/util/options/source.js";
import { gate } from "../kit/gate.js";

gate();

const NAMES = new Set(["preprocessors", "postprocessors"]);
const before = (processor: Processor): Preprocessor =>
  (readPreprocessors(readOptions("Cannot try", { preprocessors: [processor] }, NAMES))[0] as () => Preprocessor)();
const after = (processor: Processor): Postprocessor =>
  readPostprocessors(readOptions("Cannot try", { postprocessors: [processor] }, NAMES))[0] as Postprocessor;

const shown = (pieces: Pieces): string[] =>
  pieces.map((piece) => (piece instanceof Fault ? `${piece.code}: ${piece.why}` : piece.toString("latin1")));

/** What a preprocessor makes of bytes that come in these frames, faults as sentences. */
async function run(processor: Processor, frames: readonly Uint8Array[], whole = true): Promise<string[]> {
  const step = before(processor);
  const made: string[] = [];
  for (const frame of frames) made.push(...shown(await step.push(Buffer.from(frame))));
  return [...made, ...shown(step.end(whole))];
}

const bytewise = (bytes: Uint8Array): Uint8Array[] => Array.from(bytes, (byte) => Buffer.from([byte]));

/** Bytes, cut anywhere. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((one, other) => one - other);
  return [0, ...edges].map((from, index) => bytes.subarray(from, edges[index] ?? bytes.length));
}

/** What `processor` gives for one piece. */
const encoded = async (processor: Processor, piece: Uint8Array): Promise<Buffer> => {
  const made = await after(processor).push(Buffer.from(piece));
  return Buffer.from(made as string);
};

/** Each one that finds its pieces by itself, and what makes them; the pieces may hold all that does not end them. */
const FRAMING: readonly (readonly [name: string, before: Processor, after: Processor, separator: string])[] = [
  ["separate", "separate", "separate", "\n"],
  ["separate by three characters", named("separate", { separator: "aab" }), named("separate", { separator: "aab" }), "b"],
  ["separate by the same one twice", named("separate", { separator: "cc" }), named("separate", { separator: "cc" }), "c"],
  ["length-prefixed", "length-prefixed", "length-prefixed", ""],
  ["textual-length-prefixed", "textual-length-prefixed", "textual-length-prefixed", ""],
  ["decompress of gzip", "decompress", "compress", ""],
  ["decompress of zlib", "decompress", named("compress", { algorithm: "zlib", level: 9 }), ""],
];

function named(name: string, config: Readonly<Record<string, unknown>>): Processor {
  return { name, config };
}

const pieceOf = (separator: string): fc.Arbitrary<Buffer> =>
  fc
    .oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 }).map((text) => Buffer.from(text)),
    )
    .map((bytes) => Buffer.from(bytes))
    .map((bytes) => (separator === "" ? bytes : Buffer.from(bytes.toString("latin1").replaceAll(separator, ""), "latin1")));

for (const [name, pre, post, separator] of FRAMING) {
  test(`[R37] ${name}: pieces come out as they went in, however their bytes are cut, at every byte too`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(pieceOf(separator), { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 8 }), async (pieces, places) => {
        const bytes = Buffer.concat(await Promise.all(pieces.map((piece) => encoded(post, piece))));
        const wanted = pieces.map((piece) => piece.toString("latin1"));
        expect(await run(pre, [bytes])).toEqual(wanted);
        expect(await run(pre, cut(bytes, places))).toEqual(wanted);
        expect(await run(pre, bytewise(bytes))).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  test(`[R37] ${name}: what the connection's end cuts off is told, once, where anything is`, async () => {
    const first = await encoded(post, Buffer.from("xxx"));
    const bytes = Buffer.concat([first, await encoded(post, Buffer.from("dddd"))]);
    for (let length = 0; length < bytes.length; length++) {
      const made = await run(pre, [bytes.subarray(0, length)], false);
      const faults = made.filter((each) => each.startsWith("CONNECTION_LOST: the connection ended within "));
      const pieces = made.filter((each) => !each.startsWith("CONNECTION_LOST"));
      expect(pieces).toEqual(length < first.length ? [] : ["xxx"]);
      expect(faults).toHaveLength(length === 0 || length === first.length ? 0 : 1);
    }
  });
}

test("[R37] separate: the last piece of a connection that ends in order needs no separator", async () => {
  expect(await run("separate", [Buffer.from("a\nb")])).toEqual(["a", "b"]);
  expect(await run("separate", [Buffer.from("a\n")])).toEqual(["a"]);
});

test("[R10, R37] separate, buffered: false: each frame is cut by itself", async () => {
  const frames = [Buffer.from("a\nb"), Buffer.from("c\n"), Buffer.from("d")];
  expect(await run(named("separate", { buffered: false }), frames)).toEqual(["a", "b", "c", "d"]);
});

test("[R37] base64: bytes come out as they went in, however their text is cut, and several padded texts may follow each other", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      async (parts, places) => {
        const text = Buffer.concat(await Promise.all(parts.map((part) => encoded("base64", part))));
        const wanted = Buffer.concat(parts).toString("latin1");
        for (const frames of [[text], cut(text, places), bytewise(text)]) expect((await run("base64", frames)).join("")).toBe(wanted);
      },
    ),
    { numRuns: 40 },
  );
  expect(await run("base64", [Buffer.from("!!!!")])).toEqual(["PROTOCOL_VIOLATION: it is not base64"]);
  expect(await run("base64", [Buffer.from("====")])).toEqual(["PROTOCOL_VIOLATION: it is not base64"]);
  expect(await run("base64", [Buffer.from("aGk=aG")])).toEqual(["hi", "CONNECTION_LOST: the connection ended within a group of base64"]);
});

test("[R37] remove-empty leaves out what is empty", async () => {
  expect(await run("remove-empty", [Buffer.from(""), Buffer.from("a"), Buffer.from("")])).toEqual(["a"]);
});

const TOO_LONG = "LIMIT_EXCEEDED: it is longer than the 4 bytes of max_length";
const bounded = { max_length: 4 };

test.each<[string, Processor, Buffer, string[]]>([
  ["separate", named("separate", bounded), Buffer.from("abcd\nabcde\nab\n"), ["abcd", TOO_LONG, "ab"]],
  [
    "separate, of two characters",
    named("separate", { ...bounded, separator: "--" }),
    Buffer.from("abcd--abcde--abcd---c--"),
    ["abcd", TOO_LONG, "abcd", "-c"],
  ],
  ["length-prefixed", named("length-prefixed", bounded), prefixed("abcd", "abcde", "", "ab"), ["abcd", TOO_LONG, "", "ab"]],
  ["textual-length-prefixed", named("textual-length-prefixed", bounded), Buffer.from("4 abcd5 abcde0 2 ab"), ["abcd", TOO_LONG, "", "ab"]],
])(
  "[R37] %s gives up what is longer than max_length, once, and goes on behind it, however it is cut",
  async (_, processor, bytes, wanted) => {
    expect(await run(processor, [bytes])).toEqual(wanted);
    expect(await run(processor, bytewise(bytes))).toEqual(wanted);
  },
);

function prefixed(...pieces: readonly string[]): Buffer {
  const all = pieces.map((piece) => {
    const head = Buffer.alloc(8);
    head.writeBigUInt64BE(BigInt(piece.length));
    return Buffer.concat([head, Buffer.from(piece)]);
  });
  return Buffer.concat(all);
}

test("[R37] a separator that never comes holds no more than max_length, and is told once", async () => {
  const step = before(named("separate", { max_length: 1_000 }));
  const made: string[] = [];
  for (let count = 0; count < 10_000; count++) made.push(...shown(step.push(Buffer.alloc(100, 97)) as Pieces));
  made.push(...shown(step.push(Buffer.from("\nnext\n")) as Pieces));
  expect(made).toEqual(["LIMIT_EXCEEDED: it is longer than the 1000 bytes of max_length", "next"]);
});

test.each(["gzip", "zlib"] as const)("[R37] a bomb of %s ends at max_length, and the next frame is read", async (algorithm) => {
  const make = algorithm === "gzip" ? gzipSync : deflateSync;
  const bomb = make(Buffer.alloc(64 * 1024 * 1024));
  const processor = named("decompress", { algorithm, max_length: 100_000 });
  expect(bomb.length).toBeLessThan(100_000);
  expect(await run(processor, [bomb, make(Buffer.from("after"))])).toEqual([
    "LIMIT_EXCEEDED: it is longer than the 100000 bytes of max_length",
    "after",
  ]);
});

test.each<[string, Processor, Buffer, string]>([
  ["no gzip and no zlib", "decompress", Buffer.from("text"), "it is neither gzip nor zlib"],
  ["no gzip", named("decompress", { algorithm: "gzip" }), Buffer.from("text"), "it is not gzip"],
  ["no zlib", named("decompress", { algorithm: "zlib" }), Buffer.from("text"), "it is not zlib"],
  [
    "gzip of nothing that is deflated",
    "decompress",
    Buffer.concat([gzipSync("x").subarray(0, 10), Buffer.alloc(40, 255)]),
    "it is not gzip",
  ],
  ["a wrong checksum of gzip", "decompress", spoilt(gzipSync("text"), -6), "its checksum is wrong"],
  ["a wrong length of gzip", "decompress", spoilt(gzipSync("text"), -1), "its checksum is wrong"],
  ["a wrong checksum of zlib", "decompress", spoilt(deflateSync("text"), -1), "its checksum is wrong"],
  ["zlib with a dictionary", "decompress", deflateSync("text", { dictionary: Buffer.from("text") }), "it needs a dictionary"],
  ["another method", "decompress", Buffer.from([0x1f, 0x8b, 7]), "it is compressed by another method than deflate"],
])("[R18, R37] what is not compressed is told, and the next frame is read: %s", async (_, processor, bytes, why) => {
  const config = typeof processor === "string" ? {} : processor.config;
  const next = (config?.["algorithm"] === "zlib" ? deflateSync : gzipSync)("next");
  expect(await run(processor, [bytes, next])).toEqual([`PROTOCOL_VIOLATION: ${why}`, "next"]);
});

function spoilt(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = copy.length + at;
  copy[index] = (copy[index] as number) ^ 1;
  return copy;
}

test("[R37] a header of gzip with every field is read", async () => {
  const plain = gzipSync("text");
  const fields = Buffer.concat([Buffer.from([3, 0, 1, 2, 3]), Buffer.from("name\0a comment\0"), Buffer.from([0, 0])]);
  const head = Buffer.from(plain.subarray(0, 10));
  head[3] = 2 | 4 | 8 | 16;
  const bytes = Buffer.concat([head, fields, plain.subarray(10)]);
  expect(await run("decompress", bytewise(bytes))).toEqual(["text"]);
});

test.each(["x", "1x", " x", "12345678901234567 x"])(
  "[R18, R37] textual-length-prefixed: %j has no length, and its frame is given up",
  async (text) => {
    const made = await run("textual-length-prefixed", [Buffer.from(text), Buffer.from("2 ok")]);
    expect(made).toEqual(["PROTOCOL_VIOLATION: it does not begin with its length in digits and a space", "ok"]);
  },
);

test("[R37] compress gives what zlib reads, at once and by another thread", async () => {
  for (const length of [10, 100_000]) {
    const data = Buffer.alloc(length, "abc");
    const { gunzipSync, inflateSync } = await import("node:zlib");
    expect(gunzipSync(await encoded(named("compress", { level: 1 }), data)).equals(data)).toBe(true);
    expect(inflateSync(await encoded(named("compress", { algorithm: "zlib" }), data)).equals(data)).toBe(true);
  }
});
