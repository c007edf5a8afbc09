import { parseArgs } from "node:util";
import { CONTESTANTS, MEASUREMENTS, takesPart } from "./participants.mjs";

export const USAGE = `Usage: node bench/run.mjs [options]
  --only a,b          measurements: ${MEASUREMENTS.join(", ")}
  --contestants a,b   ${CONTESTANTS.join(", ")}
  --rounds n          rounds of the run [5]
  --unpinned n        rounds of the run without pinning, round trips and 64 callers only [1]
  --json FILE         write every value there`;

/** @throws {Error} With the sentence to show. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string" },
      contestants: { type: "string" },
      rounds: { type: "string", default: "5" },
      unpinned: { type: "string", default: "1" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const measurements = chosen("measurement", values.only, MEASUREMENTS);
  const contestants = chosen("contestant", values.contestants, CONTESTANTS);
  if (!contestants.some((name) => measurements.some((measurement) => takesPart(name, measurement)))) {
    throw new Error(`Cannot measure ${measurements.join(", ")}: ${contestants.join(", ")} takes no part in it`);
  }
  return {
    help: values.help,
    json: values.json,
    measurements,
    contestants,
    rounds: count("rounds", values.rounds, 1),
    unpinned: count("unpinned", values.unpinned, 0),
  };
}

function chosen(what, list, known) {
  if (list === undefined) return known;
  const names = list.split(",");
  for (const name of names) {
    if (!known.includes(name)) throw new Error(`Cannot use ${what} "${name}": there are ${known.join(", ")}`);
  }
  return known.filter((name) => names.includes(name));
}

function count(name, text, least) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new Error(`Cannot use --${name} "${text}": it must be a whole number >= ${least}`);
  return value;
}
