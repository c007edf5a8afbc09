import { afterEach, expect, test } from "vitest";
import { processCounter, processWide } from "../../src/util/process-wide.js";

const made = ["test-a/1", "test-a/2", "test-b/1"] as const;
afterEach(() => {
  for (const name of made) Reflect.deleteProperty(globalThis, Symbol.for(`mortise.${name}`));
});

test("what is there once in a process is made by who asks first, under a name and a version", () => {
  const first = processWide("test-a/1", () => ({ by: "first" }));
  expect(processWide("test-a/1", () => ({ by: "second" }))).toBe(first);
  expect(processWide("test-a/2", () => ({ by: "second" }))).toEqual({ by: "second" });
  expect(Object.keys(globalThis)).toEqual(expect.not.arrayContaining([expect.stringContaining("mortise")]));
});

test("a counter gives each number once, whoever asks", () => {
  const [first, second] = [processCounter("test-b/1"), processCounter("test-b/1")];
  expect([first(), second(), first(), second()]).toEqual([1, 2, 3, 4]);
});
