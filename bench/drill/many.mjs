// Many plugins in one host with few descriptors.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { atMost } from "./lib.mjs";

const HOST = fileURLToPath(new URL("many-host.mjs", import.meta.url));

export async function many({ count }) {
  const { stdout, status } = spawnSync("/bin/sh", ["-c", 'ulimit -n 1024; exec "$@"', "sh", process.execPath, HOST, String(count)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`Cannot keep ${count} plugins alive: their host ended with code ${status}`);
  const { notReady, perPlugin, most, seconds, leftOver } = JSON.parse(stdout);
  console.log(`  ${count} plugins were ready after ${seconds.toFixed(1)} s`);
  return [
    atMost(`${count} plugins in a host with 1024 descriptors: not ready or not answering`, notReady, 0),
    atMost("descriptors for each", perPlugin, 4),
    atMost("plugins between their spawn and their announcement, most at a time", most, 2 * availableParallelism()),
    atMost("descriptors left over once all are killed", leftOver, 0),
  ];
}
