import { expect, test } from "vitest";
import { programHold } from "../../src/util/program-hold.js";

const held = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("a program is held from the first that takes it to the last that releases it, and leaves nothing", () => {
  const before = held();
  const hold = programHold();
  expect(held()).toBe(before);
  for (let round = 0; round < 2; round++) {
    hold.take();
    hold.take();
    hold.release();
    expect(held()).toBe(before + 1);
    hold.release();
    expect(held()).toBe(before);
  }
});
