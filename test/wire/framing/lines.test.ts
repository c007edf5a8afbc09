import fc from "fast-check";
import { expect, test } from "vitest";
import { type LineError, LineReader } from "../../../src/wire/framing/lines.js";
import { cpuMs } from "../../kit/cpu-time.js";
import { hearChunks } from "../recording-sink.js";

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(cuts[index - 1] ?? 0, end));
}

function push(reader: LineReader, bytes: Uint8Array): { text?: string | undefined; error?: string; before?: string | undefined } {
  try {
    return { text: reader.push(bytes) };
  } catch (error) {
    return { error: (error as LineError).message, before: (error as LineError).before };
  }
}

const line = fc.oneof(
  fc.json({ maxDepth: 2 }).map((params) => Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"a.b","params":${params}}`)),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => Buffer.from(`{"jsonrpc":"2.0","method":${JSON.stringify(text)}}`)),
  fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => Buffer.from(`{"jsonrpc":"2.0","id":0,"result":${JSON.stringify(text)}}`)),
);
const junk = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(Buffer.from(""), Buffer.from("[]"), Buffer.alloc(1_100, "x"), Buffer.from([0xff, 0xfe]), Buffer.from([0xc3])),
);

test("[F55, F56] any cut of a byte stream into chunks gives the same messages and the same violation", () => {
  const stream = fc.array(fc.oneof({ weight: 6, arbitrary: line }, { weight: 1, arbitrary: junk }), { maxLength: 8 });
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (lines, places) => {
      const bytes = Buffer.concat(lines.flatMap((one) => [one, Buffer.from("\n")]));
      const whole = hearChunks([bytes]);
      expect(hearChunks(cut(bytes, places))).toEqual(whole);
      expect(hearChunks(cut(bytes, [...bytes.keys()]))).toEqual(whole);
    }),
    { numRuns: 400 },
  );
});

test("[F56] a character that lies over a chunk border arrives intact", () => {
  const reader = new LineReader(64);
  const bytes = Buffer.from("ü€😀\n");
  for (const byte of bytes.subarray(0, -1)) expect(reader.push(Uint8Array.of(byte))).toBeUndefined();
  expect(reader.push(bytes.subarray(-1))).toBe("ü€😀");
});

test("[F56] bytes that are no UTF-8 are refused, and the lines before them are kept", () => {
  const bytes = Buffer.concat([Buffer.from("one\ntwo\n"), Buffer.from([0xc3, 0x28]), Buffer.from("\nthree\n")]);
  expect(push(new LineReader(64), bytes)).toEqual({ error: "it is not UTF-8", before: "one\ntwo" });
  for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    expect(push(new LineReader(64), Buffer.from([...bad, 10])), bad.join()).toEqual({ error: "it is not UTF-8", before: undefined });
  }
});

test("[F54] a line of the limit is taken, and one byte more is refused as soon as it has arrived", () => {
  expect(push(new LineReader(8), Buffer.from("12345678\n"))).toEqual({ text: "12345678" });
  const refused = { error: "it is longer than 8 bytes", before: undefined };
  expect(push(new LineReader(8), Buffer.from("123456789"))).toEqual(refused);
  expect(push(new LineReader(8), Buffer.from("123456789\n"))).toEqual(refused);
  const dripped = new LineReader(8);
  for (const digit of "12345678") expect(push(dripped, Buffer.from(digit))).toEqual({ text: undefined });
  expect(push(dripped, Buffer.from("9"))).toEqual(refused);
});

test("[F54] the limit counts bytes, and many short lines together may be longer than one", () => {
  expect(push(new LineReader(4), Buffer.from("üü\n"))).toEqual({ text: "üü" });
  expect(push(new LineReader(4), Buffer.from("üüx\n"))).toEqual({ error: "it is longer than 4 bytes", before: undefined });
  expect(push(new LineReader(4), Buffer.from("1234\n5678\n9\n"))).toEqual({ text: "1234\n5678\n9" });
  expect(push(new LineReader(4), Buffer.from("1\n2\n34567\n"))).toEqual({ error: "it is longer than 4 bytes", before: "1\n2" });
});

test("[F54, F56] of two faults in one chunk the first is told", () => {
  const bytes = Buffer.concat([Buffer.from("one\n"), Buffer.from([0xff, 10]), Buffer.from("far too long\n")]);
  expect(push(new LineReader(4), bytes)).toEqual({ error: "it is not UTF-8", before: "one" });
});

test("[F62] the beginning of a line is known to be held, and is no line", () => {
  const reader = new LineReader(64);
  expect(reader.push(Buffer.from('{"a":1}\n{"b"'))).toBe('{"a":1}');
  expect(reader.partial).toBe(true);
  expect(reader.push(Buffer.from(":2}\n"))).toBe('{"b":2}');
  expect(reader.partial).toBe(false);
});

// What is quadratic takes minutes.
const MOST_CPU_MS = 10_000;

test("[F55] a line of 32 MiB is read in linear time, in chunks of 64 KiB", () => {
  const begun = cpuMs();
  const reader = new LineReader(32 * 1024 * 1024);
  const chunk = Buffer.alloc(64 * 1024, "x");
  for (let count = 0; count < 512; count++) expect(reader.push(chunk)).toBeUndefined();
  expect(reader.push(Buffer.from("\n"))?.length).toBe(32 * 1024 * 1024);
  expect(cpuMs() - begun).toBeLessThan(MOST_CPU_MS);
});

test("[F55] a line of 2 MiB is read in linear time, byte by byte, and costs little more than its size", () => {
  const begun = cpuMs();
  const reader = new LineReader(4 * 1024 * 1024);
  const byte = Uint8Array.of(120);
  const before = process.memoryUsage();
  for (let count = 0; count < 2 * 1024 * 1024; count++) reader.push(byte);
  const after = process.memoryUsage();
  expect(reader.push(Uint8Array.of(10))?.length).toBe(2 * 1024 * 1024);
  expect(cpuMs() - begun).toBeLessThan(MOST_CPU_MS);
  // As a list of one-byte chunks it would be some 200 MB.
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(16 * 1024 * 1024);
});
