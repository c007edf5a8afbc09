// Plugins that dial in: a thousand at once, after a restart of their host, beside strangers that mean no good.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect, defineContract, implement, method } from "../../dist/plugin.js";
import { atMost, fixture, until } from "./lib.mjs";

const file = (name) => fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
const TOKEN = "open sesame";
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A child that answers each message. */
async function start(name, ...args) {
  const child = fork(file(name), args.map(String), { execArgv: ["--expose-gc"] });
  const [{ answer }] = await once(child, "message");
  const ask = async (what, input) => {
    child.send({ what, ...input });
    return (await once(child, "message"))[0].answer;
  };
  const kill = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { child, answer, ask, kill };
}

async function sumOf(swarms, counted) {
  return (await Promise.all(swarms.map(({ ask }) => ask()))).reduce((sum, seen) => sum + seen[counted], 0);
}

/** How long until all that was sent has come, in ms. */
async function timeOf(swarms, counted, wanted, act) {
  const total = () => sumOf(swarms, counted);
  const before = await total();
  const begun = performance.now();
  await act();
  while ((await total()) - before < wanted) {
    if (performance.now() - begun > 120_000) throw new Error(`Only ${(await total()) - before} of ${wanted} ${counted} came`);
    await sleep(2);
  }
  return performance.now() - begun;
}

export async function dialIn({ count }) {
  let host = await start("dial-in-host", 0, count);
  const { url, rawUrl } = host.answer;
  const port = new URL(url).port;
  const empty = await host.ask("census");
  const half = Math.ceil(count / 2);
  const swarms = await Promise.all([0, half].map((first) => start("dial-in-swarm", url, first, Math.min(half, count - first), rawUrl)));
  const figures = [];
  try {
    const connectedMs = await untilActive(host, count);
    while ((await sumOf(swarms, "open")) < 2 * count) await sleep(50);
    console.log(`  ${count} external plugins were connected after ${(connectedMs / 1_000).toFixed(1)} s`);
    figures.push(...(await costs(host, swarms, count, empty)));
    // The host dies, and another one takes its port.
    await host.kill();
    const begun = performance.now();
    host = await start("dial-in-host", port, count);
    await untilActive(host, count);
    figures.push(atMost(`[F93] ${count} plugins are back after a restart of their host`, (performance.now() - begun) / 1_000, 30, "s"));
    await Promise.all(swarms.map(({ kill }) => kill()));
    figures.push(...(await hostile(host, port, url, count)));
  } finally {
    await host.kill();
    for (const { child } of swarms) child.kill("SIGKILL");
  }
  return figures;
}

async function untilActive(host, count) {
  const begun = performance.now();
  while ((await host.ask("active")) < count) {
    if (performance.now() - begun > 120_000) throw new Error(`Only ${await host.ask("active")} of ${count} plugins are connected`);
    await sleep(20);
  }
  return performance.now() - begun;
}

async function costs(host, swarms, count, empty) {
  const full = await host.ask("census");
  // Two plugins, and a plain WebSocket, which is counted as none of it.
  const heap = (full.memory.heapUsed + full.memory.external - empty.memory.heapUsed - empty.memory.external) / (2 * count) / 1_024;
  const dialled = spawn(process.execPath, [fixture("plugins/suite-external.mjs"), host.answer.url, "dialled", TOKEN], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  const [spawnedUs, dialledUs] = await host.ask("calls", { rounds: 5_000 });
  dialled.kill("SIGKILL");
  const events = Math.ceil(30_000 / count);
  const [ours, plain] = [[], []];
  for (let round = 0; round < 4; round++) {
    ours.push(await timeOf(swarms, "events", events * count, () => host.ask("emit", { events })));
    plain.push(await timeOf(swarms, "messages", events * count, () => host.ask("broadcast", { events })));
  }
  const [ourMs, plainMs] = [Math.min(...ours), Math.min(...plain)];
  const rate = (ms) => Math.round((events * count) / (ms / 1_000));
  console.log(`  events: ${rate(ourMs)} a second to ${count} plugins made by hand with ws, ws's own broadcast ${rate(plainMs)}`);
  console.log(`  a call to a spawned plugin over websocket ${spawnedUs.toFixed(0)} us, to one that dialled in ${dialledUs.toFixed(0)} us`);
  return [
    atMost("memory of the host for each, half a plain WebSocket included", heap, 60, "kB"),
    atMost("a call to one, of one to a spawned plugin", dialledUs / spawnedUs, 1.1),
    atMost("time of an event to all, of ws's own broadcast", ourMs / plainMs, 1 / 0.6),
  ];
}

async function hostile(host, port, url, count) {
  const quiet = await host.ask("watch", { windows: 20 });
  const strangers = fork(file("dial-in-hostile"), [port, String(count)]);
  await once(strangers, "message");
  await sleep(3_000);
  const noisy = host.ask("watch", { windows: 20 });
  const good = await goodClients(url, 20);
  const { p99, rss } = await noisy;
  strangers.kill("SIGKILL");
  console.log(
    `  beside ${count} strangers: calls of a spawned plugin ${quiet.p99.toFixed(0)} us quiet, ${p99.toFixed(0)} us beside them (99th percentile)`,
  );
  const ended = await until(() => strangers.exitCode !== null || strangers.signalCode !== null, 5_000);
  return [
    atMost("[L5] calls of the host's own plugin beside them, of the quiet ones", p99 / quiet.p99, 2),
    atMost("[L5] more memory of the host", (rss - quiet.rss) / 1_048_576, 64, "MB"),
    atMost("[L5] a good plugin connects, and is called: the slowest of 20", Math.max(...good), 5_000, "ms"),
    atMost("strangers are gone", ended, 5_000, "ms"),
  ];
}

/** How long each takes to be connected, one after another, in ms. */
async function goodClients(url, count) {
  const greeter = defineContract("greeter", { greet: method() });
  const times = [];
  for (let n = 0; n < count; n++) {
    const begun = performance.now();
    const connection = await connect({
      url,
      id: `p${n + 1}`,
      token: TOKEN,
      provides: [implement(greeter, { greet: () => "hi" })],
      logger: silent,
    });
    times.push(performance.now() - begun);
    await connection.close();
  }
  return times;
}
