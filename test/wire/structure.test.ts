import fc from "fast-check";
import { expect, test } from "vitest";
import { structureFault } from "../../src/wire/structure.js";
import { hear } from "./recording-sink.js";

function valuesOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, each) => sum + valuesOf(each), 1);
}

test("[F53] structureFault() counts the values of a text as they are once it is parsed, whatever its texts hold", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5, noUnicodeString: false }), fc.constantFrom("", '\\"', "\\\\", ",{}", "[1,2]"), (json, tail) => {
      const text = `[${json},${JSON.stringify(tail)}]`;
      const count = valuesOf(JSON.parse(text));
      // Below so many the text is too short to be counted.
      const judged = 2 * count <= text.length;
      expect(structureFault(text, 0, text.length, 100, count)).toBe(undefined);
      if (judged && count > 1) expect(structureFault(text, 0, text.length, 100, count - 1)).toBe("too many values");
    }),
  );
});

test.each([
  ["empty objects", "{}"],
  ["numbers", "0"],
  ["lists", "[]"],
  ["texts that look like more", '",,{}\\",["'],
  ["members", '{"a":0}'],
])("[F53] a message with as many values as may be is read, and one more is refused before it is parsed: %s", (_what, each) => {
  const perEach = each === '{"a":0}' ? 2 : 1;
  const message = (count: number): string => `{"jsonrpc":"2.0","id":0,"result":[${Array(count).fill(each).join()}]}`;
  // The message, its version, its id, its result.
  const room = Math.floor((20_000 - 4) / perEach);
  expect(hear(message(room), 64, 20_000)[0]?.[0]).toBe("result");
  expect(hear(message(room + 1), 64, 20_000)).toEqual([["violation", -32600, "it holds more than 20000 values"]]);
});

test("[F53] what is too deep is found in a long text as well", () => {
  const text = `[${"[".repeat(65)}${"]".repeat(65)},${Array(30_000).fill("0").join()}]`;
  expect(structureFault(text, 0, text.length, 64, 20_000)).toBe("too deep");
  expect(structureFault(text, 0, text.length, 66, 60_000)).toBe(undefined);
  expect(structureFault(`["${"x".repeat(50_000)}`, 0, 50_002, 64, 20_000)).toBe(undefined);
});
