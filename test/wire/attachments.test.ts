import fc from "fast-check";
import { expect, test } from "vitest";
import { Attachments, ReceivedAttachments } from "../../src/wire/attachments.js";
import { encodeResult, encodeSpecialResult } from "../../src/wire/encode.js";
import { extract, lendNothing } from "../../src/wire/references/extract.js";
import { restore } from "../../src/wire/references/restore.js";
import { isSpecial } from "../../src/wire/references/scan.js";

const base64 = (ref: unknown): Uint8Array | undefined => new ReceivedAttachments(undefined, 0).bytes(ref);
const part = (ref: unknown): Uint8Array | undefined => new ReceivedAttachments(Uint8Array.of(1, 2, 3), 0).bytes(ref);
const arrived = ({ pieces }: Attachments, most = 1_000_000): ReceivedAttachments =>
  new ReceivedAttachments(Buffer.concat(pieces ?? []), most);

test("bytes have memory of their own, whatever their length", () => {
  for (const length of [0, 1, 2, 3, 100, 5_000]) {
    const bytes = base64(Buffer.alloc(length, 7).toString("base64")) as Uint8Array;
    expect([bytes.constructor, bytes.byteOffset, bytes.buffer.byteLength, bytes.length]).toEqual([Uint8Array, 0, length, length]);
    expect(bytes.every((byte) => byte === 7)).toBe(true);
  }
});

test.each(["A", "AA", "AAA", "A===", "====", "=AAA", "AA=A", "A*AA", "AAA ", "A\nAA", 5, null, {}])("%j is no base64", (text) => {
  expect(base64(text)).toBeUndefined();
});

test.each([[[0]], [[0, 4]], [[-1, 1]], [[1, 3]], [[0.5, 1]], [["0", 1]], [[0, 2 ** 53]], ["AAAA"]])(
  "%j names no part of three raw bytes, and no text in them",
  (ref) => {
    expect(part(ref)).toBeUndefined();
    expect(new ReceivedAttachments(Uint8Array.of(65, 66, 67), 100).text(ref)).toBeUndefined();
  },
);

test("a part of raw bytes is named by offset and length", () => {
  expect([part([1, 2]), part([3, 0])]).toEqual([Uint8Array.of(2, 3), new Uint8Array(0)]);
});

test("long texts travel beside the JSON, short ones and halves of a pair in it, and all arrive equal", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.constantFrom("\ud800abc", "ab\udc00", "ünïcödé", "💬💬"),
  );
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.string({ maxLength: 3 }), tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(value, (sent) => {
      const attachments = new Attachments(4);
      const { value: left, refs } = extract(sent, lendNothing, attachments);
      const json = JSON.stringify(left);
      const cargoArrived = arrived(attachments);
      expect(restore(JSON.parse(json), refs, (ref) => cargoArrived.text(ref["text"]))).toEqual(JSON.parse(JSON.stringify(sent)));
      expect(Object.keys(refs).length > 0).toBe(attachments.length > 0);
      if (!isSpecial(sent, 4)) expect(refs).toEqual({});
    }),
    { numRuns: 1_000 },
  );
});

test("isSpecial() finds a long text wherever it stands, and none where texts have to stay", () => {
  for (const value of ["long", ["long"], { a: [{ b: "long" }] }]) {
    expect([isSpecial(value, 4), isSpecial(value, 5), isSpecial(value)]).toEqual([true, false, false]);
  }
});

test("[F56] bytes that are not UTF-8 are no text", () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80]]) {
    expect(new ReceivedAttachments(Uint8Array.from(bytes), 100).text([0, bytes.length])).toBeUndefined();
  }
});

test("[F54] texts that share bytes are limited as if each had its own, so that a message cannot grow on its arrival", () => {
  const attachments = new ReceivedAttachments(Buffer.from("abcd"), 10);
  expect([attachments.text([0, 4]), attachments.text([0, 4]), attachments.text([0, 4])]).toEqual(["abcd", "abcd", undefined]);
});

test("textExcess is what the texts would add to their message, were they in its JSON", () => {
  for (const value of ["x".repeat(50), ["x".repeat(50), "short"], { a: { "b/c": "x".repeat(50) }, d: "ü".repeat(20) }]) {
    const attachments = new Attachments(20);
    const { value: left, refs } = extract(value, lendNothing, attachments);
    attachments.seal(refs);
    const message = encodeSpecialResult(1, left, refs);
    expect(message.length + attachments.textExcess).toBe(Buffer.byteLength(encodeResult(1, value)));
  }
  const none = new Attachments(20);
  none.seal({ "/a": { bytes: none.add(new Uint8Array(1)) } });
  expect(none.textExcess).toBe(0);
});

test("[F54] refs that share bytes are copied for each, and no more of them together than raw bytes may be", () => {
  const attachments = new ReceivedAttachments(new Uint8Array(1_000).fill(7), 1_000);
  const whole = attachments.bytes([0, 1_000]);
  for (let copies = 0; copies < 8; copies++) {
    const copy = attachments.bytes([0, 1_000]);
    expect(copy).toEqual(whole);
    expect(copy?.buffer).not.toBe(whole?.buffer);
  }
  expect(attachments.bytes([0, 1])).toBeUndefined();
});
