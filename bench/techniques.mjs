// What each technique of mortise gains here, each beside what it replaces. See README.md.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { coreToPin } from "./lib/host-process.mjs";
import { render } from "./lib/report.mjs";
import { measureRounds } from "./lib/rounds.mjs";
import { median } from "./lib/statistics.mjs";
import { GROUPS } from "./lib/variants.mjs";

const ROUNDS = 9;
const ROUND_MS = 60;
const STEPS = 6_400;

async function nanoseconds(run) {
  let steps = 0;
  const begun = performance.now();
  do {
    await run(STEPS);
    steps += STEPS;
  } while (performance.now() - begun < ROUND_MS);
  return ((performance.now() - begun) * 1e6) / steps;
}

async function compareInProcess() {
  for (const [title, variants] of Object.entries(GROUPS)) {
    const figures = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
    for (let round = -2; round < ROUNDS; round++) {
      for (const [name, run] of Object.entries(variants)) {
        const value = await nanoseconds(run);
        if (round >= 0) figures[name].push(value);
      }
    }
    const [base] = Object.values(figures);
    const rows = Object.entries(figures).map(([name, values]) => [
      name,
      median(values).toFixed(0),
      `${median(values.map((value, round) => base[round] / value)).toFixed(2)}x`,
    ]);
    console.log(`${render([title, "ns each", "as fast as the first"], rows)}\n`);
  }
}

async function compareWriting() {
  const contestants = ["raw-nodelay", "raw", "raw-joined"];
  const { pipelined } = await measureRounds({
    contestants,
    measurements: ["pipelined"],
    rounds: 5,
    core: coreToPin(),
    onProgress: () => {},
  });
  const rows = contestants.map((name) => [
    {
      "raw-nodelay": "each message by itself, at once",
      raw: "each by itself, joined by the system where it can",
      "raw-joined": "one write per tick",
    }[name],
    median(pipelined[name]).toFixed(0),
    `${median(pipelined[name].map((value, round) => value / pipelined["raw-nodelay"][round])).toFixed(2)}x`,
  ]);
  console.log(`${render(["64 callers of the raw JSON echo", "calls/s", "as fast as the first"], rows)}\n`);
}

const core = coreToPin();
if (core !== undefined && process.argv[2] !== "pinned") {
  const { status } = spawnSync("taskset", ["-c", core, process.execPath, fileURLToPath(import.meta.url), "pinned"], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} else {
  await compareInProcess();
  await compareWriting();
}
