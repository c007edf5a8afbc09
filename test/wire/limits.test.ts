import { constants } from "node:buffer";
import { expect, test } from "vitest";
import { maxRawBytes } from "../../src/wire/attachments.js";
import { limitsOf } from "../kit/options.js";

test("limits have their defaults, and undefined means the default", () => {
  const defaults = {
    maxMessageBytes: 33_554_432,
    maxDepth: 64,
    maxValues: 1_000_000,
    maxPendingCalls: 16_384,
    maxRunningCalls: 16_384,
    maxRunningBytes: 536_870_912,
    maxUnsentBytes: 67_108_864,
    maxOpenStreams: 10_000,
    maxLentFunctions: 10_000,
    streamCreditCount: 1_024,
    streamCreditBytes: 1_048_576,
    maxUnreadBytes: 536_870_912,
    stallTimeoutMs: 10_000,
    helloTimeoutMs: 5_000,
  };
  expect(limitsOf()).toEqual(defaults);
  expect(limitsOf({ maxDepth: undefined })).toEqual(defaults);
  expect(limitsOf({ maxDepth: 8, helloTimeoutMs: 1 })).toEqual({ ...defaults, maxDepth: 8, helloTimeoutMs: 1 });
});

test("a limit that is unknown or out of its range is refused, with the range", () => {
  const unknown =
    (name: string): (() => unknown) =>
    () =>
      limitsOf({ [name]: 8 });
  expect(unknown("maxDeth")).toThrow('Cannot test: there is no option "limits.maxDeth"; did you mean "limits.maxDepth"?');
  expect(unknown("constructor")).toThrow('there is no option "limits.constructor"; the options are maxMessageBytes, maxDepth, ');
  expect(unknown("toString")).toThrow('there is no option "limits.toString"');
  for (const [limits, shown] of [
    [null, "null"],
    [[], "a list"],
    ["none", '"none"'],
  ] as const) {
    expect(() => limitsOf(limits as never)).toThrow(
      `Cannot test: limits is ${shown}, and it must be an object with maxMessageBytes, maxDepth, `,
    );
  }
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    expect(() => limitsOf({ stallTimeoutMs: value }), String(value)).toThrow(RangeError);
  }
  for (const value of ["5", null, 5n]) {
    expect(() => limitsOf({ stallTimeoutMs: value as never }), String(value)).toThrow(TypeError);
  }
});

test("the longest message, with as much behind it as one read brings, is no longer than a text may be, and fits a frame with its bytes", () => {
  const { maxMessageBytes } = limitsOf({ maxMessageBytes: 534_773_760 });
  expect(maxMessageBytes + 1 + 1_048_576).toBeLessThanOrEqual(constants.MAX_STRING_LENGTH);
  expect(1 + 4 + maxMessageBytes + maxRawBytes(maxMessageBytes)).toBeLessThanOrEqual(2 ** 32 - 1);
  expect(maxRawBytes(1_024)).toBe(8_192);
  expect(() => limitsOf({ maxMessageBytes: 534_773_761 })).toThrow("it must be a whole number from 1024 to 534773760");
});

test.each([
  ["maxDepth", 7, 8, 1_000],
  ["streamCreditCount", 0, 1, 1_048_576],
  ["streamCreditBytes", 1_023, 1_024, 1_099_511_627_776],
  ["maxOpenStreams", 1_048_577, 1, 1_048_576],
  ["maxLentFunctions", 0, 1, 1_048_576],
  ["maxUnreadBytes", 2.5, 1_024, Number.MAX_SAFE_INTEGER],
])("%s %d is refused: the sentence names the range", (name, value, least, most) => {
  const end = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
  const sentence = `Cannot test: limits.${name} is ${value}, and it must be a whole number from ${least}${end}`;
  expect(() => limitsOf({ [name]: value })).toThrow(new RangeError(sentence));
  for (const fine of [least, most]) expect(limitsOf({ [name]: fine })).toMatchObject({ [name]: fine });
});
