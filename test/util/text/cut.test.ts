import { expect, test } from "vitest";
import { cutToBytes } from "../../../src/util/text/cut.js";

test.each([
  ["short", 5, "short"],
  ["short", 4, "shor"],
  ["éé", 4, "éé"],
  ["éé", 3, "é"],
  ["é", 1, ""],
  ["a€b", 3, "a"],
  ["a€b", 4, "a€"],
  ["😀😀", 8, "😀😀"],
  ["😀😀", 7, "😀"],
  ["ab😀", 3, "ab"],
  ["ab😀", 5, "ab"],
  ["\uFFFD\uFFFD", 5, "\uFFFD"],
  ["", 0, ""],
])("%j in %i bytes is %j", (text, most, expected) => {
  expect(cutToBytes(text, most)).toBe(expected);
});

test("what is cut is well formed, no longer than it may be, and lacks less than a character", () => {
  const text = "a€😀é\uFFFDz".repeat(50);
  for (let most = 0; most <= Buffer.byteLength(text); most++) {
    const cut = cutToBytes(text, most);
    expect(text.startsWith(cut)).toBe(true);
    expect(most - Buffer.byteLength(cut)).toBeGreaterThanOrEqual(0);
    expect(most - Buffer.byteLength(cut)).toBeLessThan(4);
    expect(Buffer.from(cut).toString()).toBe(cut);
  }
});
