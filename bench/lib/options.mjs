import { parseArgs } from "node:util";

/** In the order they are listed where the order of a round does not say otherwise. */
export const CONTESTANTS = [
  "mortise-tcp",
  "raw",
  "mortise-unix",
  "json-rpc-2.0",
  "raw-joined",
  "vscode-jsonrpc",
  "mortise-websocket",
  "mcp-sdk",
  "raw-nodelay",
  "grpc-js",
  "json-rpc-2.0-nodelay",
  "execa-ipc",
  "comlink",
];
/** Memory comes before the long texts: after them it is that of their buffers. */
export const MEASUREMENTS = ["start", "roundtrip", "pipelined", "notifications", "memory", "text"];

/** Variants differ from their contestant in how they write, and are measured where that counts. */
export function takesPart(contestant, measurement) {
  return !contestant.endsWith("-nodelay") || ["roundtrip", "pipelined", "notifications"].includes(measurement);
}

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
  return {
    help: values.help,
    json: values.json,
    measurements: chosen("measurement", values.only, MEASUREMENTS),
    contestants: chosen("contestant", values.contestants, CONTESTANTS),
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
