import { expect, test } from "vitest";
import { keepFreedMemory } from "../../src/transport/keep-memory.js";

test("what the allocator learns from takes no memory", () => {
  const before = process.memoryUsage.rss();
  for (let times = 0; times < 3; times++) keepFreedMemory();
  expect(process.memoryUsage.rss() - before).toBeLessThan(8 * 1024 * 1024);
});
