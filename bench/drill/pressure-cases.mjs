// What may go wrong beside a plugin that is quiet: each case starts whoever misbehaves, and has it do so until the signal aborts.
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { defineContract, method, NewClient, stream } from "../../dist/index.js";
import { fixture } from "./lib.mjs";

const MISBEHAVES = fileURLToPath(new URL("misbehaves.mjs", import.meta.url));
const press = defineContract("press", { double: method(), make: method(), count: stream(), hold: method() });
const streams = defineContract("streams", { fill: stream(), count: stream() });
const MIB = 1024 * 1024;
const TEXT = "x".repeat(64 * 1024);

// The host and the plugin that is quiet, or that is measured itself, take turns on one core; whoever else misbehaves has another: what is
// measured is the work with it, and not a busy machine.
const HOME = "0";
// Not availableParallelism(): that is 1 where the host was pinned to a core.
const AWAY = String(Math.min(1, cpus().length - 1));

function client(file, core) {
  const pinned = process.platform === "linux" ? ["taskset", "-c", core] : [];
  return NewClient({ command: [...pinned, process.execPath, file], minPort: 0, maxPort: 0, killTimeoutMs: 100 });
}

/** The plugin that is quiet. */
export const quietClient = () => client(fixture("plugins/echo.mjs"), HOME);

async function* endless() {
  for (;;) yield TEXT;
}

/** Reads an item, and then rests. */
async function readSlowly(remote, signal, begun) {
  const iterator = remote.fill({ length: 1_000 })[Symbol.asyncIterator]();
  await iterator.next();
  begun();
  while (!signal.aborted) {
    await sleep(10);
    await iterator.next();
  }
  await iterator.return();
}

/** Reads as fast as it comes. */
const readAll = (open) => async (plugin, signal, ready) => {
  const items = open(await plugin.dispense(streams));
  for await (const _ of items) {
    ready();
    if (signal.aborted) break;
  }
};

async function readAllSlowly(plugin, signal, ready) {
  const remote = await plugin.dispense(streams);
  let waiting = 20;
  const begun = () => --waiting === 0 && ready();
  await Promise.all(Array.from({ length: waiting }, () => readSlowly(remote, signal, begun)));
}

/** Calls until there is no room, and then now and then. */
async function callTheDeaf(plugin, signal, ready) {
  const connection = await plugin.client();
  await connection.call("raw.deaf");
  for (let n = 0; n < 20; n++) connection.call("raw.take", endless()).catch(() => {});
  while (!signal.aborted) {
    const call = connection.call("raw.call", TEXT).catch(({ code }) => code);
    if ((await Promise.race([call, sleep(1)])) !== "BUSY") continue;
    ready();
    await sleep(5);
  }
}

/** Has 10,000 calls in flight, each of which takes a while; those that are answered are made again. */
async function keepInFlight(plugin, signal, ready) {
  const connection = await plugin.client();
  const keep = async () => {
    while (!signal.aborted) await connection.call("calls.hold", Math.ceil(Math.random() * 300_000), { signal }).catch(() => {});
  };
  const all = Array.from({ length: 10_000 }, keep);
  await connection.ping();
  ready();
  await Promise.all(all);
}

async function makeTooLong(plugin, signal, ready) {
  const { make } = await plugin.dispense(press);
  ready();
  while (!signal.aborted) await make(33 * MIB).catch(() => {});
}

const tell = (what) => async (plugin, signal, ready) => {
  await (await plugin.client()).call(what);
  ready();
  await Promise.race([plugin.closed, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
};

/**
 * `run` calls `ready` once it is as bad as it gets. `mostMb` is what it may cost the host beside its working room, and `why`; `isOwn`
 * measures on its very connection, and `isBusy` says that the host has work with it all the time.
 */
export const CASES = {
  neverReads: {
    title: "a plugin that never reads, with streams and calls to it",
    mostMb: 64,
    why: "maxUnsentBytes",
    file: MISBEHAVES,
    run: callTheDeaf,
  },
  slowReader: {
    title: "20 firehose streams whose reader is slow",
    mostMb: 20,
    why: "streamCreditBytes of each",
    file: fixture("plugins/streams.mjs"),
    run: readAllSlowly,
  },
  sameConnection: {
    title: "the same streams on the very connection",
    mostMb: 20,
    why: "streamCreditBytes of each",
    isOwn: true,
    file: fixture("plugins/streams.mjs"),
    run: readAllSlowly,
  },
  inFlightOwn: {
    title: "10,000 calls in flight on the very connection",
    mostMb: 20,
    why: "2 KiB each",
    isOwn: true,
    file: fixture("plugins/holds-calls.mjs"),
    run: keepInFlight,
  },
  firehose: {
    title: "a firehose of small items that is read as it comes",
    mostMb: 2,
    why: "streamCreditBytes",
    isBusy: true,
    file: fixture("plugins/streams.mjs"),
    run: readAll(({ count }) => count({})),
  },
  longFirehose: {
    title: "a firehose of texts of 8 KiB",
    mostMb: 2,
    why: "streamCreditBytes",
    isBusy: true,
    file: fixture("plugins/streams.mjs"),
    run: readAll(({ fill }) => fill({ length: 8 * 1024 })),
  },
  notes: {
    title: "a flood of notifications",
    mostMb: 0,
    why: "they are read as they come",
    file: MISBEHAVES,
    isBusy: true,
    run: tell("raw.notes"),
  },
  endlessLine: { title: "a line that never ends", mostMb: 32, why: "maxMessageBytes", file: MISBEHAVES, run: tell("raw.line") },
  inFlight: {
    title: "10,000 calls in flight",
    mostMb: 20,
    why: "2 KiB each",
    file: fixture("plugins/holds-calls.mjs"),
    run: keepInFlight,
  },
  tooLong: {
    title: "results beyond the limit",
    mostMb: 0,
    why: "they are not sent",
    file: fixture("plugins/presses.mjs"),
    run: makeTooLong,
  },
  flood: {
    title: "a flood of answers that nobody waits for",
    mostMb: 0,
    why: "they are read as they come",
    file: MISBEHAVES,
    isBusy: true,
    run: tell("raw.flood"),
  },
};

/** Starts the plugin that a case is about. */
export async function startCase({ file, isOwn }) {
  const plugin = client(file, isOwn ? HOME : AWAY);
  await plugin.start();
  return plugin;
}
