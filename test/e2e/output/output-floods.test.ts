import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { gate } from "../../kit/gate.js";

gate();
const HOST = fileURLToPath(new URL("../../fixtures/hosts/is-flooded.mjs", import.meta.url));
const MIB = 1024 * 1024;
const FLOOD_BYTES = 300 * MIB;

interface Cost {
  /** Bytes of the heap and beside it that are still held after garbage collection. */
  readonly kept: number;
  /** The most that the process grew by, in bytes, while the flood ran. */
  readonly peak: number;
  /** How long the flood ran. */
  readonly seconds: number;
  /** How many records it made in the host's log, and the message of the last. */
  readonly records: number;
  readonly last: string;
}

/** What a flood costs a host of its own, so that nothing else is measured. */
async function costOf(flood: { to: 1 | 2; lineBytes: number }, writer = "none"): Promise<Cost> {
  const args = ["--expose-gc", HOST, JSON.stringify({ bytes: FLOOD_BYTES, ...flood }), writer];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Cost;
}

test.for([1, 2] as const)(
  "[F21, F22] 300 MB without a newline on descriptor %i cost the host less than 16 MiB, at the most and afterwards",
  async (to) => {
    const cost = await costOf({ to, lineBytes: 1e12 });
    expect(cost.peak).toBeLessThan(16 * MIB);
    expect(cost.kept).toBeLessThan(2 * MIB);
    expect(cost.records).toBeLessThan(10);
  },
);

test("[F21] 300 MB of lines cost the host no more, and few of them reach its log", async () => {
  const cost = await costOf({ to: 2, lineBytes: 512 });
  expect(cost.peak).toBeLessThan(16 * MIB);
  expect(cost.kept).toBeLessThan(2 * MIB);
  // A thousand a second, and one that tells how many were left out; a second may have begun before, and end after.
  expect(cost.records).toBeLessThanOrEqual(1_001 * (Math.ceil(cost.seconds) + 1));
});

test("[O17, O18, F21] 300 MB for a writer that takes nothing do not stall the plugin, and cost the host 16 MiB and a little", async () => {
  const cost = await costOf({ to: 1, lineBytes: 1e12 }, "stuck");
  expect(cost.kept).toBeLessThan(18 * MIB);
  expect(cost.peak).toBeLessThan(48 * MIB);
  expect(cost.last).toMatch(/^Cannot pass all of the output of plugin /);
});
