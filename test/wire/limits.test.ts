import { expect, test } from "vitest";
import { resolveLimits } from "../../src/wire/limits.js";

test("limits have their defaults, and undefined means the default", () => {
  const defaults = {
    maxMessageBytes: 33_554_432,
    maxDepth: 64,
    maxPendingCalls: 16_384,
    maxRunningCalls: 16_384,
    maxUnsentBytes: 67_108_864,
    maxOpenStreams: 10_000,
    maxLentFunctions: 10_000,
    streamCreditCount: 1_024,
    streamCreditBytes: 1_048_576,
    maxUnreadBytes: 536_870_912,
    stallTimeoutMs: 10_000,
    helloTimeoutMs: 5_000,
  };
  expect(resolveLimits()).toEqual(defaults);
  expect(resolveLimits({ maxDepth: undefined })).toEqual(defaults);
  expect(resolveLimits({ maxDepth: 8, helloTimeoutMs: 1 })).toEqual({ ...defaults, maxDepth: 8, helloTimeoutMs: 1 });
});

test("a limit that is unknown or out of its range is refused, with the range", () => {
  expect(() => resolveLimits({ maxDeth: 8 } as never)).toThrow(/^Cannot use limit "maxDeth": the limits are maxMessageBytes, maxDepth, /);
  expect(() => resolveLimits({ constructor: 8 } as never)).toThrow(/^Cannot use limit "constructor"/);
  expect(() => resolveLimits({ maxDepth: 7 })).toThrow(new RangeError("Cannot use maxDepth 7: it must be a whole number from 8 to 1000"));
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "5" as never, null as never]) {
    expect(() => resolveLimits({ stallTimeoutMs: value }), String(value)).toThrow(RangeError);
  }
});

test.each([
  ["streamCreditCount", 0, 1, 1_048_576],
  ["streamCreditBytes", 1_023, 1_024, 1_099_511_627_776],
  ["maxOpenStreams", 1_048_577, 1, 1_048_576],
  ["maxLentFunctions", 0, 1, 1_048_576],
  ["maxUnreadBytes", 2.5, 1_024, 9_007_199_254_740_991],
])("%s %d is refused: the sentence names the range", (name, value, least, most) => {
  const sentence = `Cannot use ${name} ${value}: it must be a whole number from ${least} to ${most}`;
  expect(() => resolveLimits({ [name]: value })).toThrow(new RangeError(sentence));
  for (const fine of [least, most]) expect(resolveLimits({ [name]: fine })).toMatchObject({ [name]: fine });
});
