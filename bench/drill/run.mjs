// Ends, kills and crashes plugins and hosts by the hundred, and puts hosts under pressure; says of each promise whether it held. See
// docs/lifecycle.md and docs/protocol.md, section 8.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const PARTS = {
  orphans: 200,
  interleavings: 200,
  nodeCycles: 1_000,
  stubCycles: 10_000,
  crashTimes: 200,
  killTimes: 200,
  many: 200,
  pressure: 20,
  handles: 1_000_000,
  storms: 1_000_000,
  unloads: 200,
  replacements: 20,
  standby: 30,
  crowd: 200,
  dialIn: 1_000,
  storeKills: 100,
  installs: 200,
};
const USAGE = `Usage: node bench/drill/run.mjs [options]
  --only a,b       parts: ${Object.keys(PARTS).join(", ")}
  --scale x        times the usual counts, 0.1 for a short run [1]
  --seed n         of all that is random [a new one, printed]`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: Object.keys(PARTS).join(",") },
      scale: { type: "string", default: "1" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
      help: { type: "boolean", default: false },
    },
  });
  const [scale, seed, only] = [Number(values.scale), Number(values.seed), values.only.split(",")];
  if (!(scale > 0)) throw new Error(`Cannot use --scale "${values.scale}": it must be a number above 0`);
  if (!Number.isSafeInteger(seed)) throw new Error(`Cannot use --seed "${values.seed}": it must be a whole number`);
  const unknown = only.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined) throw new Error(`Cannot use part "${unknown}": there are ${Object.keys(PARTS).join(", ")}`);
  return { help: values.help, scale, seed, only };
}

async function main() {
  const { help, scale, seed, only } = readOptions();
  if (help) return console.log(USAGE);
  // Of our own, so that what is left behind is seen.
  const dir = mkdtempSync(join(tmpdir(), "drill-"));
  process.env.TMPDIR = dir;
  console.log(`Seed ${seed}; again with --seed ${seed}`);
  console.log(`Load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} processors: whatever else runs shows in the times\n`);
  const modules = [
    "orphans",
    "interleavings",
    "cycles",
    "times",
    "many",
    "pressure",
    "handles",
    "storms",
    "unloads",
    "replacements",
    "standby",
    "crowd",
    "dial-in",
    "store-kills",
    "installs",
  ].map((name) => import(`./${name}.mjs`));
  const parts = Object.assign({}, ...(await Promise.all(modules)));
  let missed = 0;
  for (const name of only) {
    const begun = performance.now();
    const figures = await parts[name]({ count: Math.max(1, Math.round(PARTS[name] * scale)), seed });
    console.log(`${name} (${((performance.now() - begun) / 1_000).toFixed(0)} s)`);
    for (const { title, value, bound, unit, met } of figures) {
      if (!met) missed++;
      console.log(
        `  ${met ? "ok    " : "MISSED"} ${title}: ${Math.round(value * 100) / 100} ${unit}`.trimEnd() +
          ` (at most ${bound} ${unit}`.trimEnd() +
          ")",
      );
    }
  }
  rmSync(dir, { recursive: true, force: true });
  console.log(missed === 0 ? "\nEvery bound held." : `\nBounds missed: ${missed}`);
  process.exitCode = missed === 0 ? 0 : 1;
}

try {
  await main();
} catch (error) {
  console.error(error.stack);
  process.exitCode = 1;
}
