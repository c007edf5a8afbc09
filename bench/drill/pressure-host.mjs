// The host of pressure.mjs: `pressure-host.mjs case latency pairs` prints the 99th percentiles of round trips to a quiet plugin, window
// by window, quiet and then noisy; `pressure-host.mjs case memory` prints how much more memory it had while a plugin misbehaved.
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { defineContract, method } from "../../dist/index.js";
import { quantile } from "./lib.mjs";
import { CASES, quietClient, startCase } from "./pressure-cases.mjs";

const WINDOW_MS = 300;
const echo = defineContract("echo", { echo: method() });
const [name, what, count] = process.argv.slice(2);
const { run, isOwn = false } = CASES[name];
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

/** One round trip after another, for a while; their 99th percentile in microseconds. */
async function window(ping) {
  const times = [];
  for (const end = performance.now() + WINDOW_MS; performance.now() < end; ) {
    const begun = performance.now();
    await ping();
    times.push(performance.now() - begun);
  }
  return quantile(times, 0.99) * 1_000;
}

async function misbehaving(client, work) {
  const controller = new AbortController();
  let running;
  await new Promise((ready, reject) => {
    running = run(client, controller.signal, ready);
    running.catch(reject);
  });
  const result = await work();
  controller.abort();
  await Promise.race([running, client.kill()]);
  await client.kill();
  return result;
}

async function latency(ping, pairs) {
  const [quiet, noisy] = [[], []];
  for (let pair = -2; pair < pairs; pair++) {
    const client = await startCase(CASES[name]);
    const connection = await client.client();
    // On the very connection, or to a plugin that has no part in it.
    const round = isOwn ? () => connection.ping() : ping;
    // A plugin that has just been started is slow at first.
    for (let n = 0; n < (isOwn ? 5_000 : 200); n++) await round();
    const before = await window(round);
    const during = await misbehaving(client, () => window(round));
    if (pair < 0) continue;
    quiet.push(before);
    noisy.push(during);
  }
  return { quiet, noisy };
}

async function memory(ping) {
  const client = await startCase(CASES[name]);
  // A heap that has grown to its working size is no cost of what comes next.
  for (let n = 0; n < 20_000; n++) await ping();
  gc();
  await sleep(100);
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  await misbehaving(client, () => sleep(3_000));
  clearInterval(timer);
  return { growthMb: (most - before) / (1024 * 1024) };
}

const quietPlugin = quietClient();
const { echo: call } = await quietPlugin.dispense(echo);
const ping = () => call(1);
for (let n = 0; n < 5_000; n++) await ping();
const figures = what === "latency" ? await latency(ping, Number(count)) : await memory(ping);
await quietPlugin.kill();
process.stdout.write(JSON.stringify(figures));
