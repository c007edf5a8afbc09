// What a plugin that misbehaves costs the others, in time, and its host, in memory.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { atMost, quantile } from "./lib.mjs";
import { CASES } from "./pressure-cases.mjs";

const HOST = fileURLToPath(new URL("pressure-host.mjs", import.meta.url));
// What a heap grows by when there is more to do at all.
const WORKING_ROOM_MB = 32;
const MAX_TIMES = 2;
// Who must read all that comes can be kept busy, and no quiet plugin is served meanwhile: then it is milliseconds that are promised.
const MAX_BUSY_MS = 5;

function host(...args) {
  const pinned = process.platform === "linux" ? ["taskset", "-c", "0"] : [];
  const [command, ...rest] = [...pinned, process.execPath, HOST, ...args.map(String)];
  const { stdout, status } = spawnSync(command, rest, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error(`Cannot measure "${args[0]}": its host ended with code ${status}`);
  return JSON.parse(stdout);
}

// The lowest tenth of the windows: what else the machine does only ever adds.
function latency(name, { title, isBusy }, count) {
  const { quiet, noisy } = host(name, "latency", count);
  const [before, during] = [quantile(quiet, 0.1), quantile(noisy, 0.1)];
  console.log(
    `  ${name}: 99 % of round trips to a quiet plugin in ${Math.round(before)} µs, and in ${Math.round(during)} µs beside ${title}`,
  );
  if (isBusy) return atMost(`99 % of round trips beside ${title}`, during / 1_000, MAX_BUSY_MS, "ms");
  return atMost(`99 % of round trips beside ${title}, against those without`, during / before, MAX_TIMES, "times");
}

function memory(name, { title, mostMb, why }) {
  return atMost(`memory of the host beside ${title} (${why})`, host(name, "memory").growthMb, mostMb + WORKING_ROOM_MB, "MiB");
}

/** @param count Pairs of windows, one quiet and one noisy. */
export function pressure({ count }) {
  return Object.entries(CASES).flatMap(([name, each]) => [latency(name, each, count), memory(name, each)]);
}
