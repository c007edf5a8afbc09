// The host of many.mjs: starts as many plugins as its argument says, all at once, and says as JSON what that took.
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { NewClient } from "../../dist/index.js";
import { fixture } from "./lib.mjs";

const count = Number(process.argv[2]);
const descriptors = () => readdirSync("/proc/self/fd").length;
const start = () => NewClient({ command: fixture("plugins/echo.mjs"), minPort: 0, maxPort: 0, startTimeoutMs: 120_000 });
const first = start();
await first.start();
await first.kill();
await sleep(300);

const before = descriptors();
const begun = performance.now();
const clients = Array.from({ length: count }, start);
let most = 0;
// A plugin that has announced itself is connected to a moment later: what has no connection yet has not.
const timer = setInterval(() => {
  const spawned = clients.filter((client) => client.pid !== undefined).length;
  const connected = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  most = Math.max(most, spawned - connected);
}, 2);
const started = await Promise.allSettled(clients.map((client) => client.start()));
clearInterval(timer);
const seconds = (performance.now() - begun) / 1_000;
const answers = await Promise.allSettled(clients.map(async (client) => (await client.client()).ping()));
// One is the guardian's.
const perPlugin = (descriptors() - before - 1) / count;
await Promise.all(clients.map((client) => client.kill()));
await sleep(500);
const notReady = [...started, ...answers].filter(({ status }) => status === "rejected").length;
process.stdout.write(JSON.stringify({ notReady, perPlugin, most, seconds, leftOver: descriptors() - before }));
