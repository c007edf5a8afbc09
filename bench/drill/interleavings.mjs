// Random orders of start, kill and crash, by the tests' own means.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { atMost } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export async function interleavings({ count, seed }) {
  const { status, stdout } = spawnSync("npx", ["vitest", "run", "test/e2e/life/life-random.test.ts"], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, LIFE_SEEDS: `${seed},${count}` },
  });
  if (status !== 0) console.log(stdout);
  return [
    atMost(`${count} random orders of start, kill and crash: runs in which one ended otherwise than it must`, status === 0 ? 0 : 1, 0),
  ];
}
