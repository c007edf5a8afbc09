import { expect, test } from "vitest";
import { deferred } from "../../src/util/deferred.js";
import { silentLogger } from "../../src/util/logger.js";
import { showValue } from "../../src/util/show-value.js";
import { moveState } from "../../src/util/state.js";
import { isThenable } from "../../src/util/thenable.js";
import { rejection } from "../kit/fixtures.js";

test("a deferred settles once, as its maker says", async () => {
  const one = deferred<number>();
  one.resolve(1);
  one.reject(new Error("too late"));
  expect(await one.promise).toBe(1);
  const other = deferred<number>();
  other.reject("no");
  expect(await rejection(other.promise)).toBe("no");
});

test("a state moves as its table says, and no other way", () => {
  const moves = { idle: ["busy"], busy: ["idle"] } as const;
  expect(moveState<"idle" | "busy">(moves, "idle", "busy")).toBe("busy");
  expect(() => moveState<"idle" | "busy">(moves, "idle", "idle")).toThrow('No move from state "idle" to "idle"');
});

test("the silent logger says nothing", () => {
  for (const level of ["debug", "info", "warn", "error"] as const) expect(silentLogger[level]("x", {})).toBeUndefined();
});

test("a thenable is what await waits for", () => {
  const then = () => {};
  const data = JSON.parse('{"then":1}');
  for (const value of [Promise.resolve(), { then }, Object.assign(() => {}, { then })]) expect(isThenable(value)).toBe(true);
  for (const value of [undefined, null, 0, "then", {}, data, () => {}]) expect(isThenable(value)).toBe(false);
});

test("any value is shown in a sentence: short, as what it is, and without a throw", () => {
  const values = [undefined, null, -1, Number.NaN, true, 10n, Symbol("s"), () => {}, class {}, [1], {}, Object.create(null)];
  expect(values.map(showValue).join("; ")).toBe(
    "undefined; null; -1; NaN; true; 10n; Symbol(s); a function; a function; a list; an object; an object",
  );
  const objects = [new Date(Number.NaN), new Map(), Promise.resolve(), new AbortController().signal, new URL("http://x/")];
  expect(objects.map(showValue).join("; ")).toBe('a Date; a Map; a Promise; an AbortSignal; "http://x/"');
  expect(showValue('a "b"\0')).toBe('"a \\"b\\"\\u0000"');
  expect(showValue("x".repeat(1_000))).toBe(`"${"x".repeat(200)}…"`);
});
