import { expect, test } from "vitest";
import { silentLogger } from "../../../src/util/logger.js";
import { choice } from "../../../src/util/options/choices.js";
import { flag } from "../../../src/util/options/flags.js";
import { callback, withFunctions } from "../../../src/util/options/functions.js";
import { list } from "../../../src/util/options/lists.js";
import { logger } from "../../../src/util/options/loggers.js";
import { hasOnly, nearest } from "../../../src/util/options/names.js";
import { duration, integer, patience } from "../../../src/util/options/numbers.js";
import { directory } from "../../../src/util/options/paths.js";
import { signal } from "../../../src/util/options/signals.js";
import { nested, type OptionsSource, option, REQUIRED, readOptions } from "../../../src/util/options/source.js";
import { certificates } from "../../../src/util/options/tls.js";
import { given } from "../../kit/options.js";

const NAMES = new Set(["restart", "name"]);
const RESTART = new Set(["maxAttempts", "resetAfterMs"]);
const isText = (value: unknown): value is string => typeof value === "string";

test("options are an object of known names; undefined is as good as none", () => {
  class Options {}
  for (const options of [
    {},
    { name: undefined },
    { name: 1, restart: 2 },
    Object.create(null),
    new Options(),
    Object.create({ name: 1 }),
  ]) {
    expect(readOptions("Cannot test", options, NAMES).values).toBe(options);
  }
});

test("[R30] a name that is unknown is refused with the nearest, or with all where none is near, by its path", () => {
  const read = (options: object): OptionsSource => nested(readOptions("Cannot test", options, NAMES), "restart", RESTART);
  expect(() => read({ nam: 1 })).toThrow(new TypeError('Cannot test: there is no option "nam"; did you mean "name"?'));
  expect(() => read({ zzz: 1 })).toThrow(new TypeError('Cannot test: there is no option "zzz"; the options are restart, name'));
  expect(() => read({ restart: { maxattempt: 1 } })).toThrow(
    new TypeError('Cannot test: there is no option "restart.maxattempt"; did you mean "restart.maxAttempts"?'),
  );
  expect(() => read({ restart: { zzz: 1 } })).toThrow(
    new TypeError('Cannot test: there is no option "restart.zzz"; the options are maxAttempts, resetAfterMs'),
  );
});

test("an object in an object has a path of its own, however deep, and so has an entry of a list", () => {
  const from = given({ plugins: [{}, { restart: { maxAttempts: 0 } }] });
  const read = (): unknown =>
    list(from, "plugins", "a list", (entry, place) =>
      integer(nested(nested(entry, place), "restart", RESTART), "maxAttempts", REQUIRED, 1, 9),
    );
  expect(read).toThrow("Cannot test: plugins[0].restart.maxAttempts is undefined, and it must be a whole number from 1 to 9");
  (from.values["plugins"] as unknown[])[0] = { restart: { maxAttempts: 9 } };
  expect(read).toThrow(new RangeError("Cannot test: plugins[1].restart.maxAttempts is 0, and it must be a whole number from 1 to 9"));
  expect(nested(given({}), "restart", RESTART)).toEqual({ attempt: "Cannot test", prefix: "restart.", values: {} });
});

test.each<[misspelt: string, meant: string | undefined]>([
  ["timeoutms", "timeoutMs"],
  ["timeout", "timeoutMs"],
  ["TimoutMs", "timeoutMs"],
  ["timeoutMsMs", "timeoutMs"],
  ["maxTotalMss", "maxTotalMs"],
  ["sginal", "signal"],
  ["single", undefined],
  ["", undefined],
  ["x", undefined],
  ["milliseconds", undefined],
])("the name nearest to %j is %j", (misspelt, meant) => {
  expect(nearest(misspelt, new Set(["signal", "timeoutMs", "maxTotalMs"]))).toBe(meant);
});

test("what has none of the names is no object of options, and a name that every object has is not the caller's", () => {
  const names = new Set(["a"]);
  for (const value of [undefined, null, 5, "a", [], new Map([["a", 1]]), () => {}, new Date()]) expect(hasOnly(value, names)).toBe(false);
  const everybody = Object.prototype as { clone?: unknown };
  everybody.clone = () => {};
  try {
    expect([hasOnly({}, names), hasOnly({ a: 1 }, names), hasOnly({ b: 1 }, names)]).toEqual([true, true, false]);
  } finally {
    delete everybody.clone;
  }
});

const { signal: aborts } = new AbortController();
const log = { debug() {}, info() {}, warn() {}, error() {} };
const taken: readonly (readonly [string, (from: OptionsSource) => unknown, value: unknown, fallback: unknown])[] = [
  ["a flag", (from) => flag(from, "x", true), false, true],
  ["a choice", (from) => choice(from, "x", "b", ["a", "b"]), "a", "b"],
  ["a duration", (from) => duration(from, "x", 5), 0.5, 5],
  ["a duration of 0", (from) => duration(from, "x", 5, { zero: true }), 0, 5],
  ["a duration without end", (from) => patience(from, "x", undefined), Number.POSITIVE_INFINITY, undefined],
  ["a whole number, the least", (from) => integer(from, "x", 3, 2, 4), 2, 3],
  ["a whole number, the most", (from) => integer(from, "x", 3, 2, 4), 4, 3],
  ["a function", (from) => callback(from, "x", undefined), isText, undefined],
  ["an object with functions", (from) => withFunctions(from, "x", ["warn" as never]), log, undefined],
  ["a signal", (from) => signal(from, "x", undefined), aborts, undefined],
  ["a directory", (from) => directory(from, "x", "."), "/tmp", "."],
];
test.for(taken)("%s is taken as it is, and undefined is the default", ([, read, value, fallback]) => {
  expect(read(given({ x: value }))).toBe(value);
  expect([read(given({ x: undefined })), read(given({}))]).toEqual([fallback, fallback]);
});

test("a directory may be a URL, and a logger is made safe", () => {
  expect(directory(given({ x: new URL("file:///tmp/a%20b") }), "x", undefined)).toBe("/tmp/a b");
  const seen: unknown[] = [];
  const info = async (text: string): Promise<void> => void seen.push(text);
  // A promise of the user's is not handed on: what it rejects with is caught.
  expect(logger(given({ x: { ...log, info } }), "x", silentLogger).info("text")).toBe(undefined);
  expect(seen).toEqual(["text"]);
  // Other files compare it, to spare what would be said to it.
  expect(logger(given({}), "x", silentLogger)).toBe(silentLogger);
});

const PEM = "a text or a Buffer in PEM, or a list of them";
const refused: readonly (readonly [(from: OptionsSource) => unknown, value: unknown, sentence: string, kind?: typeof RangeError])[] = [
  [(from) => flag(from, "x", true), 1, "x is 1, and it must be true or false"],
  [(from) => flag(from, "x", true), null, "x is null, and it must be true or false"],
  [(from) => choice(from, "x", "a", ["a", "b", "c"]), "d", 'x is "d", and it must be "a", "b" or "c"'],
  [(from) => choice(from, "x", REQUIRED, ["a", "b"]), undefined, 'x is undefined, and it must be "a" or "b"'],
  [(from) => duration(from, "x", 5), 0, "x is 0, and it must be a number of milliseconds above 0", RangeError],
  [(from) => duration(from, "x", 5), "5", 'x is "5", and it must be a number of milliseconds above 0'],
  [(from) => duration(from, "x", 5, { zero: true }), -1, "x is -1, and it must be a number of milliseconds from 0", RangeError],
  [(from) => patience(from, "x", 5), Number.NaN, "x is NaN, and it must be a number of milliseconds above 0, or Infinity", RangeError],
  [(from) => integer(from, "x", 3, 2, 4), 5, "x is 5, and it must be a whole number from 2 to 4", RangeError],
  [(from) => integer(from, "x", 3, 2), 2.5, "x is 2.5, and it must be a whole number from 2", RangeError],
  [(from) => integer(from, "x", REQUIRED, 1), undefined, "x is undefined, and it must be a whole number from 1"],
  [(from) => callback(from, "x", undefined), {}, "x is an object, and it must be a function"],
  [(from) => callback(from, "x", REQUIRED), undefined, "x is undefined, and it must be a function"],
  [(from) => withFunctions(from, "x", ["a", "b"] as never), { a() {} }, "x has no function b"],
  [(from) => withFunctions(from, "x", ["a", "b"] as never), null, "x has no function a, b"],
  [(from) => logger(from, "x", silentLogger), { debug() {}, warn() {} }, "x has no function info, error"],
  [(from) => signal(from, "x", undefined), new EventTarget(), "x is an EventTarget, and it must be an AbortSignal"],
  [(from) => signal(from, "x", undefined), new AbortController(), "x is an AbortController, and it must be an AbortSignal"],
  [(from) => signal(from, "x", REQUIRED), undefined, "x is undefined, and it must be an AbortSignal"],
  [(from) => directory(from, "x", "."), "", 'x is "", and it must be a directory\'s path or file: URL'],
  [(from) => directory(from, "x", "."), new URL("http://x/"), 'x is "http://x/", and it must be a directory\'s path or file: URL'],
  [(from) => list(from, "x", "a list of texts", () => {}), {}, "x is an object, and it must be a list of texts"],
  [
    (from) => list(from, "x", "a list of texts", (at, place) => option(at, place, REQUIRED, isText, "a text")),
    ["a", 5],
    "x[1] is 5, and it must be a text",
  ],
  [(from) => nested(from, "x", RESTART), [], "x is a list, and it must be an object with maxAttempts, resetAfterMs"],
  [(from) => nested(from, "x", undefined, "an object"), null, "x is null, and it must be an object"],
  [(from) => certificates(from, "x", "an object with a ca", []), "pem", 'x is "pem", and it must be an object with a ca'],
  [(from) => certificates(from, "x", "an object", ["ca" as never]), {}, `x.ca is undefined, and it must be ${PEM}`],
  [(from) => certificates(from, "x", "an object", []), { ca: [] }, `x.ca is a list, and it must be ${PEM}`],
];
test.for(refused)("[R30] what does not fit is refused by name: %#", ([read, value, sentence, Kind = TypeError]) => {
  expect(() => read(given({ x: value }))).toThrow(new Kind(`Cannot test: ${sentence}`));
});
