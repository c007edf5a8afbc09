// Measures mortise beside others in one interleaved run, and says which goals are met. See README.md.
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { coreToPin } from "./lib/host-process.mjs";
import { describeNoise, watchOthers } from "./lib/noise.mjs";
import { readOptions, USAGE } from "./lib/options.mjs";
import { goals, summary, tables } from "./lib/report.mjs";
import { measureRounds } from "./lib/rounds.mjs";

const UNPINNED_MEASUREMENTS = ["roundtrip", "pipelined", "pool"];

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(USAGE);
  const begun = performance.now();
  const core = coreToPin();
  const about = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    pinnedToCore: core,
    rounds: options.rounds,
  };
  console.log(`Node.js ${about.node}, ${about.cpu} (${about.cores} cores), ${about.date}, medians of ${options.rounds} rounds`);
  console.log(core === undefined ? "There is no taskset here: nothing is pinned.\n" : `Host and plugin are pinned to core ${core}.\n`);
  const othersPercent = watchOthers();
  const results = await measureRounds({ ...options, core, onProgress: progress });
  about.othersPercent = othersPercent();
  print(results);
  console.log(describeNoise(about.othersPercent));
  const seconds = (performance.now() - begun) / 1_000;
  console.log(`Took ${seconds.toFixed(0)} s.\n`);
  const measurements = options.measurements.filter((name) => UNPINNED_MEASUREMENTS.includes(name));
  const rounds = core === undefined ? 0 : options.unpinned;
  let unpinned;
  if (rounds > 0 && measurements.length > 0) {
    console.log("For information, host and plugin on any core:\n");
    unpinned = await measureRounds({ ...options, measurements, rounds, core: undefined, onProgress: progress });
    progress("");
    for (const table of tables(unpinned, { goals: false })) console.log(`${table}\n`);
  }
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ about, results, unpinned }, null, 1)}\n`);
}

function print(results) {
  progress("");
  for (const table of tables(results)) console.log(`${table}\n`);
  console.log(`${summary(results)}\n`);
  const reached = goals(results);
  if (reached !== "") console.log(`${reached}\n`);
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
