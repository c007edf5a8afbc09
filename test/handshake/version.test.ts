import { expect, test } from "vitest";
import { announcedVersion, highestCommon } from "../../src/handshake/version.js";

test("[O24] highestCommon() is the highest of those that both list, in whatever order", () => {
  expect(highestCommon([1, 2, 3], [3, 2])).toBe(3);
  expect(highestCommon([10, 9], [2, 9, 1])).toBe(9);
  expect(highestCommon([1], [2])).toBe(undefined);
  expect(highestCommon([], [])).toBe(undefined);
});

test("[O24] announcedVersion() is the highest common one, or else the plugin's own highest", () => {
  expect(announcedVersion([1, 2, 5], [2, 1])).toBe(2);
  expect(announcedVersion([5, 4], [1, 2])).toBe(5);
});
