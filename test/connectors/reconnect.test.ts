import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { ClientLink } from "../../src/connectors/client-link.js";
import type { Connector, ConnectorChange } from "../../src/connectors/index.js";
import { resolveClientOptions } from "../../src/connectors/options/client-options.js";
import type { Reconnect } from "../../src/connectors/options/reconnect-option.js";
import { RetryCounter } from "../../src/connectors/retry.js";
import { WebSocketConnector } from "../../src/connectors/websocket-connector.js";
import { type Clock, systemClock } from "../../src/util/clock.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { Reader, serve } from "./kit.js";

gate();

/** Waits for nothing, and notes how long it was to wait. */
class HurriedClock implements Clock {
  readonly waits: number[] = [];
  readonly now = systemClock.now;
  readonly after = systemClock.after;
  readonly soon = systemClock.soon;
  readonly endOfTick = systemClock.endOfTick;

  afterHolding(ms: number, task: () => void): () => void {
    this.waits.push(ms);
    return systemClock.afterHolding(0, task);
  }
}

const SEED = { retry: { interval_ms: 500, growth_rate: 2, max_retries: 3, randomized: false } };

interface Hurried extends AsyncDisposable {
  readonly connector: Connector;
  readonly waits: readonly number[];
  readonly changes: Reader<ConnectorChange>;
}

function hurried(url: string, reconnect?: Reconnect, random?: () => number): Hurried {
  const clock = new HurriedClock();
  const options = resolveClientOptions({ url, codec: "json", reconnect });
  const connector = new WebSocketConnector(options.stream, new ClientLink(options, clock, random), clock);
  const changes = new Reader(connector.changes());
  return { connector, waits: clock.waits, changes, [Symbol.asyncDispose]: () => connector.stop() };
}

/** A port of loopback on which nobody listens. */
async function freePort(): Promise<number> {
  await using server = await serve();
  return server.port;
}

async function until(changes: Reader<ConnectorChange>, wanted: ConnectorChange): Promise<void> {
  while ((await changes.next()) !== wanted);
}

/** The same port again: what a server's restart is to its clients. */
const serveAgain = (port: number): ReturnType<typeof serve> => serve({ url: `127.0.0.1:${port}` });

test("[R16, R17, R39] never connected: waits 500 and 1000, then start() rejects, and the connector has failed with all timers gone", async () => {
  const port = await freePort();
  await using client = hurried(`127.0.0.1:${port}`, SEED);
  const error = await rejection(client.connector.start());
  expect(client.waits).toEqual([500, 1_000]);
  expect(error).toMatchObject({
    code: "UNREACHABLE",
    message: `Cannot connect the WebSocket client of "127.0.0.1:${port}": connect ECONNREFUSED 127.0.0.1:${port} (3 tries in a row)`,
  });
  expect([client.connector.state, client.connector.error]).toEqual(["failed", error]);
  expect(await rejection(client.connector.send({ data: 1 }))).toMatchObject({ code: "NOT_SENT" });
});

test("[R16, R17, R18] after a loss: waits 500, 1000 and 2000, then it has failed, which comes on err as its last word; sends fail at once", async () => {
  const server = await serve();
  await using client = hurried(server.url, SEED);
  await client.connector.start();
  await server.connector.stop();
  const errors = await new Reader(client.connector.err).rest();
  expect(client.waits).toEqual([500, 1_000, 2_000]);
  expect(errors.map(({ data }) => data)).toEqual([client.connector.error]);
  expect(await rejection(client.connector.send({ data: 1 }))).toMatchObject({
    code: "NOT_SENT",
    message: `Cannot send to the WebSocket client of "${server.url}": it is not connected`,
  });
  expect(await rejection(client.connector.start().then(() => client.connector.resume()))).toMatchObject({ code: "UNREACHABLE" });
});

test("[R21] by default a first connect that fails has failed at once; after a loss there is one more try, after a second", async () => {
  const port = await freePort();
  await using never = hurried(`127.0.0.1:${port}`);
  expect(await rejection(never.connector.start())).toMatchObject({ code: "UNREACHABLE" });
  expect(never.waits).toEqual([]);
  const server = await serve();
  await using lost = hurried(server.url);
  await lost.connector.start();
  await server.connector.stop();
  await until(lost.changes, "failed");
  expect(lost.waits).toEqual([1_000]);
});

test('reconnect "none": a loss is the end', async () => {
  const server = await serve();
  await using client = hurried(server.url, "none");
  await client.connector.start();
  await server.connector.stop();
  await until(client.changes, "failed");
  expect(client.waits).toEqual([]);
  expect(client.connector.error?.message).toBe(
    `Cannot connect the WebSocket client of "${server.url}": the connection was lost: it was closed with 1001`,
  );
});

test("[R22] a retry grows by 1.5, has no last try, is up to half longer or shorter, and no wait is longer than a minute", () => {
  const resolve = (retry: object) =>
    resolveClientOptions({ url: "x", codec: "json", reconnect: { retry: { interval_ms: 1_000, ...retry } } }).reconnect;
  const waits = (random: number, count: number): (number | undefined)[] => {
    const counter = new RetryCounter(resolve({}), () => random);
    return Array.from({ length: count }, () => {
      counter.fail();
      return counter.next();
    });
  };
  expect(waits(0.5, 3)).toEqual([1_000, 1_500, 2_250]);
  expect([waits(0, 1), waits(1, 1)]).toEqual([[500], [1_500]]);
  expect(waits(0.5, 10_000).at(-1)).toBe(60_000);
  expect(resolve({ interval_ms: 90_000 }).maxMs).toBe(90_000);
});

test("[R23, R24, R27, R35] a client that only reads notices a loss, redials, and begins anew after a success; changes() tells closed and open", async () => {
  const first = await serve();
  await using client = hurried(first.url, SEED);
  const { connector, changes } = client;
  await connector.start();
  expect([await changes.next(), await changes.next(), connector.connectivity]).toEqual(["running", "open", "connected"]);
  await first.connector.stop();
  expect(await changes.next()).toMatchObject({ end: expect.any(String), meta: { ws_client: { peer: { port: first.port } } } });
  expect([await changes.next(), connector.state, connector.connectivity]).toEqual(["closed", "running", "disconnected"]);
});

test("[R23] the wait after the next loss is the first again", async () => {
  let server = await serve();
  const { port } = server;
  await using client = hurried(server.url, { retry: { interval_ms: 500, growth_rate: 2, randomized: false } });
  const { connector, changes } = client;
  await connector.start();
  await until(changes, "open");
  const before: number[] = [];
  for (let round = 0; round < 2; round++) {
    before.push(client.waits.length);
    await server.connector.stop();
    await until(changes, "closed");
    server = await serveAgain(port);
    await until(changes, "open");
  }
  expect(before.map((index) => client.waits[index])).toEqual([500, 500]);
  await server.connector.stop();
});

test("[R35] a connection that is cut without a word is a loss, too, and what was handed over in it comes on err as in doubt", async () => {
  const sockets: Socket[] = [];
  const server = await serve();
  // Between the two: cuts both ways.
  const proxy = createServer((socket) => {
    const far = connect(server.port, "127.0.0.1");
    sockets.push(socket, far);
    socket.on("error", () => {});
    far.on("error", () => {});
    socket.pipe(far);
    // Nothing comes back but the handshake: no pong confirms anything.
    far.once("data", (head) => socket.write(head));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as { port: number };
  await using client = hurried(`127.0.0.1:${port}`, "none");
  await client.connector.start();
  await client.connector.send({ data: { order: 1 } });
  for (const socket of sockets) socket.destroy();
  proxy.close();
  const errors = await new Reader(client.connector.err).rest();
  expect(errors.map(({ data, input }) => [data.code, input])).toEqual([
    ["CONNECTION_LOST", { order: 1 }],
    ["UNREACHABLE", undefined],
  ]);
  expect(errors[0]?.data.message).toBe(
    `Lost an event that was sent to 127.0.0.1:${port}: it broke without a close frame; it may have arrived`,
  );
  await server.connector.stop();
});

test("[R25] what is paused does not redial; resume() connects, without a wait, and begins to count anew", async () => {
  const server = await serve();
  const { port } = server;
  await using client = hurried(server.url, SEED);
  const { connector, changes } = client;
  await connector.start();
  await connector.pause();
  // Nothing is read, so the end is seen as something is written.
  await server.connector.stop();
  await connector.send({ data: 1 }).catch(() => {});
  const again = await serveAgain(port);
  await connector.resume();
  await until(changes, "open");
  await expect.poll(() => connector.connectivity).toBe("connected");
  await again.connector.stop();
});

test("[R17, R20, R39] stop() ends a wait: start() rejects, and no timer is left", async () => {
  const port = await freePort();
  const options = resolveClientOptions({ url: `127.0.0.1:${port}`, codec: "json", reconnect: { retry: { interval_ms: 3_600_000 } } });
  let waiting = (): void => {};
  const waits = new Promise<void>((resolve) => (waiting = resolve));
  const clock: Clock = {
    ...systemClock,
    afterHolding(ms, task) {
      waiting();
      return systemClock.afterHolding(ms, task);
    },
  };
  const connector = new WebSocketConnector(options.stream, new ClientLink(options, clock), clock);
  const started = rejection(connector.start());
  await waits;
  await connector.stop();
  expect(await started).toMatchObject({
    code: "CONNECTION_CLOSED",
    message: `Cannot connect the WebSocket client of "127.0.0.1:${port}": it was stopped`,
  });
  expect(connector.state).toBe("stopped");
});
