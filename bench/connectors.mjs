// WebSocket connectors beside a bare ws server and client with JSON.parse and a splitter of lines, in one run. See README.md.
//
//   node bench/connectors.mjs [rounds]
//
// Each measurement is a process of its own, with both ends in it; for idle connections the far ends are in another.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { coreToPin } from "./lib/host-process.mjs";

const SELF = fileURLToPath(import.meta.url);
const NAMES = ["bare-ws", "connectors"];
const CONNECTIONS = 5_000;
const WINDOW = 256;
const WARM_MS = 500;
const TIMED_MS = 1_000;
const LINES = { codec: "json", preprocessors: ["separate"], postprocessors: ["separate"] };
const eventOf = (n) => ({ n, name: "world", at: 1_700_000_000_000, ok: true });

/** Each end by contestant: a server that echoes, and a client that sends and is told of each event that comes back. */
const ENDS = {
  "bare-ws": {
    async serve() {
      const { WebSocketServer } = await import("ws");
      const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
      await once(server, "listening");
      server.on("connection", (socket) => onLines(socket, (event) => socket.send(`${JSON.stringify(event)}\n`)));
      return server.address().port;
    },
    async count(onEvent) {
      const { WebSocketServer } = await import("ws");
      const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
      await once(server, "listening");
      server.on("connection", (socket) => onLines(socket, onEvent));
      return server.address().port;
    },
    async connect(port, onEvent) {
      const { WebSocket } = await import("ws");
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
      await once(socket, "open");
      onLines(socket, onEvent);
      return (event) => socket.send(`${JSON.stringify(event)}\n`);
    },
  },
  connectors: {
    async serve() {
      const { websocketServer } = await import("../dist/connectors.js");
      const server = websocketServer({ url: "127.0.0.1:0", ...LINES });
      await server.start();
      read(server, (event) => void server.send(event));
      return server.address.port;
    },
    async count(onEvent) {
      const { websocketServer } = await import("../dist/connectors.js");
      const server = websocketServer({ url: "127.0.0.1:0", ...LINES });
      await server.start();
      read(server, ({ data }) => onEvent(data));
      return server.address.port;
    },
    async connect(port, onEvent) {
      const { websocketClient } = await import("../dist/connectors.js");
      const client = websocketClient({ url: `ws://127.0.0.1:${port}`, ...LINES });
      await client.start();
      read(client, ({ data }) => onEvent(data));
      return (data) => void client.send({ data });
    },
  },
};

async function read(connector, onEvent) {
  for await (const event of connector.out) onEvent(event);
}

/** Lines of JSON, whatever frames cut them. */
function onLines(socket, onEvent) {
  let rest = "";
  socket.on("message", (data) => {
    const lines = (rest + data.toString()).split("\n");
    rest = lines.pop();
    for (const line of lines) onEvent(JSON.parse(line));
  });
}

/** Events a second, each there and back, with 256 on their way. */
async function echo({ serve, connect }) {
  const port = await serve();
  let count = 0;
  const send = await connect(port, ({ n }) => {
    if (n !== count) throw new Error(`Event ${n} came for ${count}`);
    count++;
    send(eventOf(n + WINDOW));
  });
  for (let n = 0; n < WINDOW; n++) send(eventOf(n));
  return rateOf(() => count);
}

/** Events a second of a server that reads frames of 100 lines from a sender that is the same for all. */
async function lines({ count: countAt }) {
  let count = 0;
  const port = await countAt(() => count++);
  const { WebSocket } = await import("ws");
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, "open");
  const frame = Array.from({ length: 100 }, (_, n) => `${JSON.stringify(eventOf(n))}\n`).join("");
  const feed = () => {
    while (socket.bufferedAmount < 1_048_576) socket.send(frame);
    setImmediate(feed);
  };
  feed();
  return rateOf(() => count);
}

async function rateOf(count) {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  await pause(WARM_MS);
  const [before, begun] = [count(), performance.now()];
  await pause(TIMED_MS);
  return ((count() - before) / (performance.now() - begun)) * 1_000;
}

/** Resident memory with idle connections, in MiB, beyond that without. */
async function idle({ serve }) {
  const port = await serve();
  const memory = () => {
    for (let count = 0; count < 3; count++) globalThis.gc();
    return process.memoryUsage().rss / 1_048_576;
  };
  const before = memory();
  const far = fork(SELF, ["far", String(port)], { execArgv: [] });
  await once(far, "message");
  const after = memory();
  far.kill();
  return after - before;
}

/** The far ends of idle connections: one message each has gone there and back. */
async function farEnds(port) {
  const { WebSocket } = await import("ws");
  for (let open = 0; open < CONNECTIONS; open += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
        await once(socket, "open");
        socket.send("1\n");
        await once(socket, "message");
      }),
    );
  }
  process.send("open");
}

const MEASUREMENTS = { echo, lines, idle };

async function measure(measurement, name, core) {
  const args = [measurement, name];
  const child = core === undefined ? fork(SELF, args, { execArgv: ["--expose-gc"] }) : forkPinned(args, core);
  const [figure] = await once(child, "message");
  await once(child, "exit");
  return figure;
}

function forkPinned(args, core) {
  return fork(SELF, args, { execPath: "taskset", execArgv: ["-c", String(core), process.execPath, "--expose-gc"] });
}

const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];

/** Figures of all contestants, round by round, in an order that changes. */
async function main(rounds) {
  const core = coreToPin();
  let missed = false;
  for (const [measurement, unit, goal] of [
    ["echo", "events/s", { least: 0.8 }],
    ["lines", "events/s", { least: 0.8 }],
    ["idle", "MiB for 5,000 connections", { most: 1.3 }],
  ]) {
    const figures = Object.fromEntries(NAMES.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) figures[name].push(await measure(measurement, name, core));
    }
    const ratio = median(figures["connectors"].map((figure, round) => figure / figures["bare-ws"][round]));
    const reached = goal.least === undefined ? ratio <= goal.most : ratio >= goal.least;
    missed ||= !reached;
    const shown = NAMES.map((name) => `${name} ${median(figures[name]).toFixed(measurement === "idle" ? 1 : 0)}`).join(", ");
    const bound = goal.least === undefined ? `at most ${goal.most}` : `at least ${goal.least}`;
    console.log(`${measurement}: ${shown} ${unit}; connectors are ${ratio.toFixed(2)} (${bound}: ${reached ? "reached" : "missed"})`);
  }
  if (missed) process.exitCode = 1;
}

const [what = "3", name] = process.argv.slice(2);
if (what === "far") await farEnds(Number(name));
else if (what in MEASUREMENTS) process.send(await MEASUREMENTS[what](ENDS[name]), () => process.exit());
else await main(Number(what));
