// The host of dial-in.mjs: `dial-in-host.mjs port count` listens for so many external plugins, and does what its parent says.
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { defineContract, defineTopics, event, method } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";
import { census, fixture, quantile } from "./lib.mjs";

const [port, count] = process.argv.slice(2).map(Number);
const TOKEN = "open sesame";
const topics = defineTopics("drill", { tick: event() });
const suite = defineContract("suite", { echo: method() });
const ids = Array.from({ length: count }, (_, n) => `p${n}`);
const host = new Host({
  topics,
  listen: { port },
  plugins: [
    ...ids.map((id) => ({ id, mode: "external", token: TOKEN })),
    ...ids.map((_, n) => ({ id: `e${n}`, mode: "external" })),
    { id: "dialled", mode: "external", token: TOKEN },
    {
      id: "spawned",
      mode: "supervised",
      command: fixture("plugins/suite.mjs"),
      transport: "websocket",
      minPort: 0,
      maxPort: 0,
      required: true,
    },
  ],
});
const raw = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
const active = () => ids.filter((id) => host.getSession(id).reportedState === "active").length;

/** One call after another to each, in turns; the medians, in microseconds. */
async function calls({ rounds }) {
  while (host.getSession("dialled").reportedState !== "active") await sleep(20);
  const remotes = await Promise.all(["spawned", "dialled"].map((id) => host.getSession(id).dispense(suite)));
  const times = [[], []];
  for (let round = -2_000; round < rounds; round++) {
    for (const [index, { echo }] of remotes.entries()) {
      const begun = performance.now();
      await echo("x");
      if (round >= 0) times[index].push((performance.now() - begun) * 1_000);
    }
  }
  return times.map((each) => quantile(each, 0.5));
}

/** 99th percentiles of calls to the spawned plugin in windows of 300 ms, and the memory at its end. */
async function watch({ windows }) {
  const { echo } = await host.getSession("spawned").dispense(suite);
  for (let n = 0; n < 2_000; n++) await echo("x");
  const found = [];
  for (let n = 0; n < windows; n++) {
    const times = [];
    for (const end = performance.now() + 300; performance.now() < end; ) {
      const begun = performance.now();
      await echo("x");
      times.push((performance.now() - begun) * 1_000);
    }
    found.push(quantile(times, 0.99));
  }
  return { p99: quantile(found, 0.5), rss: process.memoryUsage().rss };
}

/** Payload enough for a real event, and time for the system to take what is sent. */
const PAYLOAD = { text: "x".repeat(100) };
async function emit({ events }) {
  for (let n = 0; n < events; n++) {
    await host.bus.emit("tick", PAYLOAD);
    await sleep(0);
  }
}
async function broadcast({ events }) {
  const text = JSON.stringify({
    jsonrpc: "2.0",
    method: "rpc.event",
    params: { topic: "drill/tick", value: PAYLOAD, id: "x", source: "host", timeMs: 1 },
  });
  for (let n = 0; n < events; n++) {
    for (const client of raw.clients) client.send(text);
    await sleep(0);
  }
}

const DO = {
  active,
  calls,
  watch,
  emit,
  broadcast,
  census: async () => ({ ...(await census()), memory: process.memoryUsage() }),
  close: () => host.close().then(() => process.exit(0)),
};
process.on("message", async ({ what, ...input }) => process.send({ answer: await DO[what](input) }));
const { url } = await host.ready();
process.send({ answer: { url, rawUrl: `ws://127.0.0.1:${raw.address().port}` } });
