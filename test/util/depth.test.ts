import fc from "fast-check";
import { expect, test } from "vitest";
import { isWithinDepth } from "../../src/util/depth.js";
import { hear } from "../wire/recording-sink.js";

/** How deep a value is nested: 0 for a plain one, 1 for a list of plain ones. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 8, noUnicodeString: false }),
  // Texts that look like nesting, with quotes and backslashes at every place.
  fc.array(fc.array(fc.string({ unit: fc.constantFrom("[", "{", "]", "}", '"', "\\", "a"), maxLength: 60 }))),
);

test("[F53] isWithinDepth() agrees with the depth of the parsed value, whatever the strings hold", () => {
  fc.assert(
    fc.property(value, fc.integer({ min: 0, max: 9 }), fc.constantFrom(undefined, 1), (json, maxDepth, indent) => {
      // At its own place in a longer text, as a line is.
      const text = `[[["${JSON.stringify(json, undefined, indent)}`;
      expect(isWithinDepth(text, 4, text.length, maxDepth)).toBe(depthOf(json) <= maxDepth);
    }),
    { numRuns: 2_000 },
  );
});

test("[F53] a string is passed over however long it is and whatever ends it", () => {
  for (const slashes of [0, 1, 2, 3, 22, 23, 24, 25, 26, 51]) {
    for (const before of ["", "x".repeat(10), "x".repeat(23), "x".repeat(100)]) {
      const string = JSON.stringify(`${before}${"\\".repeat(slashes)}"[[[["`);
      expect(isWithinDepth(`[[${string}]]`, 0, string.length + 4, 2), `${slashes} ${before.length}`).toBe(true);
      expect(isWithinDepth(`[[${string},[1]]]`, 0, string.length + 8, 2), `${slashes} ${before.length}`).toBe(false);
    }
  }
});

test("[F53] a line nested 64 levels is read, and one nested 65 levels is not parsed", () => {
  const nested = (levels: number): string => `{"jsonrpc":"2.0","id":1,"result":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
  expect(hear(nested(64))[0]?.[0]).toBe("result");
  expect(hear(nested(65))).toEqual([["violation", -32600, "it is nested deeper than 64 levels"]]);
});

test("[F53, F54] 16 MiB of opening brackets, or a million levels, are refused at the first bracket too many", () => {
  // JSON.parse takes seconds over it; whether it was asked is what is seen.
  const parse = JSON.parse;
  let parsed = 0;
  JSON.parse = (...args) => {
    parsed++;
    return parse(...args);
  };
  try {
    for (const text of ["[".repeat(16 * 1024 * 1024), "[".repeat(1_000_000) + "]".repeat(1_000_000), '{"a":'.repeat(10_000)]) {
      expect(hear(text)).toEqual([["violation", -32600, "it is nested deeper than 64 levels"]]);
      const params = `{"jsonrpc":"2.0","method":"a.b","params":${text}}`;
      expect(hear(params)).toEqual([["violation", -32600, "it is nested deeper than 64 levels"]]);
    }
    expect(parsed).toBe(0);
  } finally {
    JSON.parse = parse;
  }
});

test("[F53] a text with an open string is left to the parser, which refuses it", () => {
  const text = `"${"[".repeat(1_000)}`;
  expect(isWithinDepth(text, 0, text.length, 1)).toBe(true);
  expect(hear(text)).toEqual([["violation", -32700, "it is not JSON"]]);
});
