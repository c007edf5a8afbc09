import { expect, test } from "vitest";
import { trackGroup } from "../../src/process/registry.js";
import { gate } from "../kit/gate.js";

gate();

test("[P9] the listener for this process's exit is there once while a plugin lives, and gone with the last one", () => {
  const before = process.listenerCount("exit");
  // Numbers that no process has: the system's own limit is 2^22.
  const untrack = [2 ** 22 + 1, 2 ** 22 + 2, 2 ** 22 + 3].map(trackGroup);
  expect(process.listenerCount("exit")).toBe(before + 1);
  untrack[0]?.();
  untrack[1]?.();
  untrack[1]?.();
  expect(process.listenerCount("exit")).toBe(before + 1);
  untrack[2]?.();
  expect(process.listenerCount("exit")).toBe(before);
  untrack[2]?.();
  expect(process.listenerCount("exit")).toBe(before);
});
