import { expect, test } from "vitest";
import { joinLines } from "../../../src/wire/framing/join-lines.js";

test("lines become one text, each with its end, whatever was joined before", () => {
  const sets = [
    ["a"],
    ["a", "b"],
    ["a", "b"],
    ["a", "c"],
    ["b"],
    ["a", "b", ""],
    ["x".repeat(70_000), "y"],
    ["a", "c"],
    ["ä", "\u{1f600}"],
  ];
  for (const lines of sets) expect(joinLines(lines)).toBe(lines.map((line) => `${line}\n`).join(""));
});
