import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const HOST = fileURLToPath(new URL("../../fixtures/hosts/runs-out-of-files.mjs", import.meta.url));

/** What became of two starts in a host with at most 64 descriptors: with so many free, and with all free. */
function startsWith(free: number, ...rest: readonly string[]): { first: unknown; second: unknown; stderr: string } {
  const args = ["-c", 'ulimit -n 64; exec "$@"', "sh", process.execPath, HOST, fixture("echo"), String(free), ...rest];
  const { stdout, stderr } = spawnSync("/bin/sh", args, { encoding: "utf8", timeout: 100_000 });
  const [first, second] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  return { first, second, stderr };
}

test.for([
  [0, "cold"],
  [2, "cold"],
  [3, "cold"],
  [7, "cold"],
  [0, "warm"],
  [2, "warm"],
  [3, "warm"],
  [8, "warm"],
] as const)(
  "[F24, F139, O25, P9] with %i descriptors left a %s host's start is refused by name and keeps none, and the next one, with more, goes well",
  ([free, before]) => {
    const { first, second, stderr } = startsWith(free, before);
    expect(first).toEqual({
      kept: 0,
      name: "StartError",
      code: "START_FAILED",
      step: "spawn",
      reason: "resources",
      message: expect.stringMatching(
        /^Cannot start plugin ".*": the system refused to start ".*" \(EMFILE\)\n {2}This program has too many files open: raise the limit \(ulimit -n\), or start fewer plugins\.$/,
      ),
    });
    expect(second).toEqual({ started: true });
    expect(stderr).toBe("");
  },
);
