import { expect, test } from "vitest";
import { UnsentBytes } from "../../../src/wire/framing/unsent-bytes.js";

// In Node.js since 20.0, and in TypeScript's libraries since a later year's.
type ResizableBuffer = ArrayBuffer & { resize(length: number): void };
const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ResizableBuffer;

const pieces = (): Uint8Array[] => [Uint8Array.of(1, 2, 3), Uint8Array.of(4), Uint8Array.of(5, 6, 7, 8)];
const taken = (unsent: UnsentBytes, most: number): number[] => {
  const { pieces: parts, length } = unsent.take(most);
  const bytes = [...Buffer.concat(parts)];
  expect(bytes).toHaveLength(length);
  return bytes;
};

test.each([1, 2, 3, 5, 7, 8, 100])("bytes are handed over in order, %i at a time at the most", (most) => {
  const unsent = new UnsentBytes(pieces());
  const all: number[] = [];
  for (let left = 8; left > 0; left = unsent.length) {
    expect(unsent.length).toBe(left);
    const part = taken(unsent, most);
    expect(part).toHaveLength(Math.min(most, left));
    all.push(...part);
  }
  expect(all).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(taken(unsent, most)).toEqual([]);
});

test("it says whether what is left is one piece, and short enough", () => {
  const unsent = new UnsentBytes(pieces());
  expect(unsent.isWithin(8)).toBe(false);
  unsent.take(5);
  expect([unsent.isWithin(3), unsent.isWithin(2)]).toEqual([true, false]);
});

test("bytes whose memory was transferred or shrunk leave as zeros, and as many of them as were announced", () => {
  const memory: ArrayBuffer = new Resizable(4, { maxByteLength: 8 });
  const shrunk = new Uint8Array(memory).fill(6);
  const transferred = new Uint8Array(3).fill(1);
  const unsent = new UnsentBytes([transferred, Uint8Array.of(2), shrunk, Uint8Array.of(3)]);
  expect(taken(unsent, 1)).toEqual([1]);
  structuredClone(transferred.buffer, { transfer: [transferred.buffer as ArrayBuffer] });
  (memory as ResizableBuffer).resize(1);
  expect(taken(unsent, 100)).toEqual([0, 0, 2, 0, 0, 0, 0, 3]);
});

test("what was copied is what it was, whatever becomes of the bytes", () => {
  const [first, second, third] = pieces() as [Uint8Array, Uint8Array, Uint8Array];
  const unsent = new UnsentBytes([first, second, third]);
  expect(taken(unsent, 2)).toEqual([1, 2]);
  unsent.copy();
  first.fill(0);
  structuredClone(third.buffer, { transfer: [third.buffer as ArrayBuffer] });
  unsent.copy();
  expect(taken(unsent, 100)).toEqual([3, 4, 5, 6, 7, 8]);
});
