import fc from "fast-check";
import { expect, test } from "vitest";
import { type FrameError, FrameReader } from "../../../src/wire/framing/frame-reader.js";
import { linesFrame, mixedFrame } from "../../../src/wire/framing/frames.js";
import { cpuMs } from "../../kit/cpu-time.js";

const MAX = 1_024;

/** What arrives: frames as plain values, then the violation that ended it. */
function hear(chunks: readonly Uint8Array[], maxMessageBytes = MAX, maxRawBytes = 8 * MAX): unknown[] {
  const reader = new FrameReader({ maxMessageBytes, maxRawBytes });
  const heard: unknown[] = [];
  try {
    for (const chunk of chunks) {
      for (const frame of reader.push(Buffer.from(chunk))) {
        heard.push("text" in frame ? frame.text : [frame.message, Buffer.from(frame.bytes).toString("hex")]);
      }
    }
  } catch (error) {
    const { message, before } = error as FrameError;
    heard.push({ before, message });
  }
  return heard;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(cuts[index - 1] ?? 0, end));
}

/** A frame's bytes, whatever is in it. */
function frameOf(kind: number, body: Uint8Array | string, length = Buffer.from(body).length + 1): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length);
  head[4] = kind;
  return Buffer.concat([head, Buffer.from(body)]);
}

function mixedBody(message: string | Uint8Array, raw: Uint8Array, length = Buffer.from(message).length): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return Buffer.concat([head, Buffer.from(message), raw]);
}

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).map((value) => JSON.stringify(value));
const lines = fc.array(text, { minLength: 1, maxLength: 4 }).map((all) => linesFrame(`${all.join("\n")}\n`));
const mixed = fc
  .tuple(text, fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 3 }))
  .map(([message, bytes]) => Buffer.concat(mixedFrame(message, bytes)));
const junk = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes));

test("[F55, F56] any cut of the bytes into chunks gives the same frames and the same violation", () => {
  const stream = fc.array(fc.oneof({ weight: 5, arbitrary: lines }, { weight: 5, arbitrary: mixed }, { weight: 1, arbitrary: junk }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (frames, places) => {
      const bytes = Buffer.concat(frames);
      const whole = hear([bytes]);
      expect(hear(cut(bytes, places))).toEqual(whole);
      expect(hear(cut(bytes, [...bytes.keys()]))).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

test("what was made a frame is read as it was: lines with or without the last newline, and messages with any bytes", () => {
  const bytes = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)];
  const frames = [linesFrame("a\nü\n"), frameOf(0, "no newline"), ...mixedFrame('{"m":1}', bytes), ...mixedFrame("{}", [])];
  expect(hear([Buffer.concat(frames)])).toEqual(["a\nü", "no newline", ['{"m":1}', "010203"], ["{}", ""]]);
});

test("more than a few raw bytes are not copied into a frame", () => {
  const large = new Uint8Array(100_000);
  expect(mixedFrame("{}", [large])[1]).toBe(large);
  expect(mixedFrame("{}", [new Uint8Array(10)])).toHaveLength(1);
});

test("[F55] a frame of 1 MiB that comes byte by byte takes time in proportion to its length", () => {
  const took = (length: number): number => {
    const frame = Buffer.concat(mixedFrame("{}", [new Uint8Array(length)]));
    const reader = new FrameReader({ maxMessageBytes: MAX, maxRawBytes: length });
    const start = cpuMs();
    let count = 0;
    for (let at = 0; at < frame.length; at++) for (const _ of reader.push(frame.subarray(at, at + 1))) count++;
    expect(count).toBe(1);
    return cpuMs() - start;
  };
  took(50_000);
  // Quadratic would be 64 times; the rest is room for a busy machine.
  expect(took(1_048_576)).toBeLessThan(30 * Math.max(took(131_072), 10));
});

const none = Buffer.alloc(0);
const REFUSED: readonly [what: string, bytes: Buffer, message: string, before?: string][] = [
  ["of an unknown kind", frameOf(2, "x"), "it is a frame of kind 2, which is not known"],
  ["of nothing", frameOf(0, ""), "it is a frame without a message"],
  ["of length 0", frameOf(0, "", 0), "it is a frame without a message"],
  ["with no room for a message's length", frameOf(1, "abc"), "it is a frame without a message"],
  ["of lines that is too long", frameOf(0, "", 1_048_578), "it is a frame of 1048578 bytes, and 1048577 are taken"],
  ["of both that is too long", frameOf(1, "", 9_222), "it is a frame of 9222 bytes, and 9221 are taken"],
  ["with a line beyond the limit", frameOf(0, `a\n${"x".repeat(MAX + 1)}`), "it is longer than 1024 bytes", "a"],
  ["with a message beyond the limit", frameOf(1, mixedBody("x".repeat(MAX + 1), none)), "it is longer than 1024 bytes"],
  ["with raw bytes beyond the limit", frameOf(1, mixedBody("{}", Buffer.alloc(8 * MAX + 1))), "its raw bytes are more than 8192"],
  ["whose message is longer than itself", frameOf(1, mixedBody("{}", none, 3)), "its message is longer than its frame"],
  ["with lines that are not UTF-8", frameOf(0, Buffer.from([97, 10, 0xff])), "it is not UTF-8", "a"],
  ["with a message that is not UTF-8", frameOf(1, mixedBody(Buffer.from([0xc0, 0x80]), none)), "it is not UTF-8"],
];
for (const [what, bytes, message, before] of REFUSED) {
  test(`[F53, F54, F56] a frame ${what} is refused, and the frames before it are not`, () => {
    expect(hear([Buffer.concat([linesFrame("fine\n"), bytes, linesFrame("never\n")])])).toEqual(["fine", { before, message }]);
  });
}

test("[F54] a frame that is too long is refused by its header alone", () => {
  expect(hear([frameOf(1, "", 0xffffffff)])).toEqual([
    { before: undefined, message: "it is a frame of 4294967295 bytes, and 9221 are taken" },
  ]);
});

test("[F54] a line, a message and raw bytes of the limit are taken, and many lines may be longer together", () => {
  const line = "x".repeat(MAX);
  expect(hear([linesFrame(`${line}\n`)])).toEqual([line]);
  expect(hear(mixedFrame(line, [new Uint8Array(8 * MAX)]))).toEqual([[line, "00".repeat(8 * MAX)]]);
  const many = new Array(900).fill(line).join("\n");
  expect(hear([linesFrame(`${many}\n`)])).toEqual([many]);
});

test("received bytes have memory of their own, whether they came in one chunk or in several", () => {
  const bytes = Buffer.concat([...mixedFrame("{}", [Uint8Array.of(1, 2, 3)]), ...mixedFrame("{}", [Uint8Array.of(4)])]);
  for (const size of [bytes.length, 5]) {
    const reader = new FrameReader({ maxMessageBytes: MAX, maxRawBytes: MAX });
    const got: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = Buffer.from(bytes.subarray(at, at + size));
      for (const frame of reader.push(chunk)) if ("bytes" in frame) got.push(frame.bytes);
      chunk.fill(0xee);
    }
    expect(got).toStrictEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    expect(got[0]?.buffer).not.toBe(got[1]?.buffer);
  }
});

test("a frame that was transferred away while others still wait in its chunk takes none of them with it", () => {
  const bytes = Buffer.concat([...mixedFrame("1", [Uint8Array.of(1)]), ...mixedFrame("2", [Uint8Array.of(2)])]);
  const messages: string[] = [];
  for (const frame of new FrameReader({ maxMessageBytes: MAX, maxRawBytes: MAX }).push(bytes)) {
    if (!("bytes" in frame)) continue;
    messages.push(frame.message);
    structuredClone(frame.bytes, { transfer: [frame.bytes.buffer as ArrayBuffer] });
  }
  expect(messages).toEqual(["1", "2"]);
});

test("[F62] a reader knows that it holds the beginning of a frame", () => {
  const frame = linesFrame("abc\n");
  for (let length = 1; length < frame.length; length++) {
    const reader = new FrameReader({ maxMessageBytes: MAX, maxRawBytes: MAX });
    expect([...reader.push(frame.subarray(0, length))]).toEqual([]);
    expect(reader.partial, `after ${length} bytes`).toBe(true);
    expect([...reader.push(frame.subarray(length))]).toHaveLength(1);
    expect(reader.partial).toBe(false);
  }
});

test("missing is what a frame lacks whose beginning is held", () => {
  const reader = new FrameReader({ maxMessageBytes: MAX, maxRawBytes: 8 * MAX });
  const frame = Buffer.concat(mixedFrame("{}", [new Uint8Array(100)]));
  const read = (from: number, to: number): number => {
    for (const _ of reader.push(frame.subarray(from, to)));
    return reader.missing;
  };
  expect([reader.missing, read(0, 3), read(3, 50), read(50, frame.length - 1), read(frame.length - 1, frame.length)]).toEqual([
    0,
    0,
    frame.length - 50,
    1,
    0,
  ]);
});
