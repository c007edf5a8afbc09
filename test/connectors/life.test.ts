import { once } from "node:events";
import { expect, test } from "vitest";
import type { ConnectorChange, StreamEvent } from "../../src/connectors/index.js";
import { resolveServerOptions } from "../../src/connectors/options/server-options.js";
import { ServerLink } from "../../src/connectors/server-link.js";
import { WebSocketConnector } from "../../src/connectors/websocket-connector.js";
import { FakeClock } from "../kit/fake-clock.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { CLOSE, frameBytes, RawWebSocket } from "../transport/raw-websocket.js";
import { connect, dataOf, type Options, Reader, serve } from "./kit.js";

gate();

const PING = 9;
const PONG = 10;
const target = (port: number) => ({ host: "127.0.0.1", port });

test("[R20] an echo that is told to end by a message ends cleanly after its last reply", async () => {
  await using server = await serve();
  await using client = await connect(server.url);
  const echo = (async () => {
    for await (const event of server.connector.out) {
      await server.connector.send(event);
      if (event.data === "exit") await server.connector.drain();
    }
    await server.connector.stop();
  })();
  for (const data of [1, 2, "exit"]) await client.connector.send({ data });
  await echo;
  expect(dataOf(await client.out.take(3))).toEqual([1, 2, "exit"]);
  expect([server.connector.state, server.connector.metrics.err]).toEqual(["stopped", 0]);
});

test("[R24, R27, R29] changes() tells states, open and closed, and one end for each stream with its meta, to every reader", async () => {
  const server = await serve();
  const readers = [server.connector.changes(), server.connector.changes()];
  const ended = new Reader(server.connector.changes());
  const client = await connect(server.url);
  await client.connector.send({ data: 1 });
  const { meta, origin } = await server.out.next();
  await client.connector.stop();
  await ended.next();
  await server.connector.pause();
  await server.connector.resume();
  await server.connector.stop();
  const all: ConnectorChange[] = [{ end: [...origin][0] as string, meta }, "paused", "running", "stopped", "closed"];
  for (const reader of readers) expect(await new Reader(reader).rest()).toEqual(all);
});

test("changes() ends by its signal, by return() and with the connector; a reader that is far behind is told how much it has missed", async () => {
  const server = await serve();
  const { connector } = server;
  const controller = new AbortController();
  const aborted = connector.changes({ signal: controller.signal });
  const returned = connector.changes();
  const slow = new Reader(connector.changes());
  controller.abort();
  await returned.return?.();
  for (let round = 0; round < 600; round++) {
    await connector.pause();
    await connector.resume();
  }
  await connector.stop();
  expect([await aborted.next(), await returned.next()]).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
  const told = await slow.rest();
  // 1,200 of the pauses, the last state, and `closed`.
  expect([told[0], told.length]).toEqual([{ missed: 1_202 - 1_024 }, 1 + 1_024]);
  expect(await connector.changes().next()).toEqual({ done: true, value: undefined });
});

test("[R25] while it is paused nothing is read; what came meanwhile is read after resume()", async () => {
  await using server = await serve();
  await using client = await connect(server.url);
  await server.connector.pause();
  await client.connector.send({ data: 1 });
  const raw = await RawWebSocket.connect(target(server.port));
  raw.bytes(frameBytes("?", { opcode: PING }));
  raw.text("2\n");
  // Whoever is paused still sends.
  await using other = await serve();
  await other.connector.pause();
  expect([server.connector.state, server.connector.connectivity, server.connector.metrics.out]).toEqual(["paused", "connected", 0]);
  await server.connector.resume();
  expect(dataOf(await server.out.take(2)).sort()).toEqual([1, 2]);
  expect(await raw.frame()).toMatchObject({ opcode: PONG });
  raw.destroy();
  await raw.closed;
});

test("[R26] drain() takes no new input, hands over what was sent, and ends out after what had come", async () => {
  await using server = await serve();
  await using client = await connect(server.url);
  await client.connector.send({ data: "before" });
  await expect.poll(() => server.connector.metrics.out).toBe(1);
  const event = (await server.out.next()) as StreamEvent;
  await client.connector.send({ data: "waits to be read" });
  await expect.poll(() => server.connector.metrics.out).toBe(2);
  const big = "x".repeat(4_000_000);
  const reply = server.connector.send({ ...event, data: big });
  const drained = server.connector.drain();
  expect(server.connector.state).toBe("draining");
  await drained;
  await reply;
  expect((await client.out.next()).data).toBe(big);
  await client.connector.send({ data: "too late" });
  expect(dataOf(await server.out.rest())).toEqual(["waits to be read"]);
  // A reply to what had come is still sent.
  await server.connector.send({ ...event, data: "last" });
  expect((await client.out.next()).data).toBe("last");
  await server.connector.stop();
  const errors = await server.err.rest();
  expect(errors.map(({ data, input }) => [data.code, input])).toEqual([["CONNECTION_CLOSED", "too late"]]);
  expect(errors[0]?.data.message).toMatch(/^Left out an event from 127\.0\.0\.1:\d+: it came when no more input was taken$/);
});

test("[R28] a ping is answered with its payload, a close frame with its code, and neither is an event", async () => {
  await using server = await serve();
  const raw = await RawWebSocket.connect(target(server.port));
  raw.bytes(frameBytes("are you there?", { opcode: PING }));
  expect(await raw.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from("are you there?") });
  raw.bytes(frameBytes("unasked", { opcode: PONG }));
  const code = Buffer.from([0x0f, 0xa1]);
  raw.bytes(frameBytes(code, { opcode: CLOSE }));
  expect(await raw.frame()).toMatchObject({ opcode: CLOSE, payload: code });
  expect(await raw.closed).toBe("end");
  await expect.poll(() => server.connector.metrics.streams).toBe(0);
  expect(server.connector.metrics).toEqual({ in: 0, out: 0, err: 0, err_dropped: 0, streams: 0 });
});

test("[R33] an event for a connection that has gone is refused: NOT_SENT, and nothing on err", async () => {
  await using server = await serve();
  const client = await connect(server.url);
  await client.connector.send({ data: 1 });
  const event = await server.out.next();
  const changes = server.connector.changes();
  await client.connector.stop();
  await changes.next();
  await changes.return?.();
  const { port } = (event.meta.ws_server as { peer: { port: number } }).peer;
  expect(await rejection(server.connector.send(event))).toMatchObject({
    code: "NOT_SENT",
    message: `Cannot send from the WebSocket server on "127.0.0.1:0": there is no connection from 127.0.0.1:${port}`,
  });
  expect(server.connector.metrics.err).toBe(0);
});

test("[R33] a send that waits as the connection breaks is rejected as in doubt; one that we close, as closed by us", async () => {
  await using server = await serve();
  for (const how of ["broken", "closed"] as const) {
    const raw = await RawWebSocket.connect(target(server.port));
    raw.text("1\n");
    const event = await server.out.next();
    raw.socket.pause();
    // More than the system takes.
    const sends = Array.from({ length: 32 }, () => server.connector.send({ ...event, data: "x".repeat(1_000_000) }));
    const settled = Promise.allSettled(sends);
    if (how === "broken") raw.socket.resetAndDestroy();
    else await server.connector.stop();
    const last = (await settled).at(-1) as PromiseRejectedResult;
    const where = `127.0.0.1:${event.meta.ws_server?.peer.port}`;
    expect(last.reason).toMatchObject(
      how === "broken"
        ? { code: "CONNECTION_LOST", message: `Cannot send to ${where}: it broke without a close frame; it may have arrived` }
        : { code: "CONNECTION_CLOSED", message: `Cannot send to ${where}: we closed the connection; it may have arrived` },
    );
    raw.destroy();
    await raw.closed;
  }
});

test("a send beyond 64 MiB that wait is refused: BUSY", async () => {
  await using server = await serve({ codec: "binary", preprocessors: [], postprocessors: [] });
  const raw = await RawWebSocket.connect(target(server.port));
  raw.text("1");
  const event = await server.out.next();
  raw.socket.pause();
  const data = Buffer.alloc(16 * 1024 * 1024);
  const meta = { ...event.meta, binary: true };
  const first = Array.from({ length: 4 }, () => server.connector.send({ ...event, data, meta }));
  const settled = Promise.allSettled(first);
  expect(await rejection(server.connector.send({ ...event, data, meta }))).toMatchObject({
    code: "BUSY",
    message: `Cannot send to 127.0.0.1:${event.meta.ws_server?.peer.port}: the system has not taken 67108864 bytes that were sent before\n  Wait for send() before the next one.`,
  });
  raw.destroy();
  await settled;
  await raw.closed;
});

test("[R34] counters come every metrics_interval_s, and only where that is configured", async () => {
  const clock = new FakeClock();
  const resolved = resolveServerOptions({ url: "127.0.0.1:0", codec: "json", metrics_interval_s: 10 });
  const connector = new WebSocketConnector(resolved.stream, new ServerLink(resolved), clock);
  await connector.start();
  const changes = new Reader(connector.changes());
  await rejection(connector.send({ data: 1 }));
  clock.advance(9_999);
  await connector.pause();
  clock.advance(1);
  clock.advance(10_000);
  const metrics = { in: 1, out: 0, err: 0, err_dropped: 0, streams: 0 };
  expect(await changes.take(3)).toEqual(["paused", { metrics }, { metrics }]);
  await connector.stop();
  expect(clock.timers).toBe(0);
});

test("[R38] a peer that gives no sign of life between two pings is cut; one that answers, or that we do not read, is not", async () => {
  const clock = new FakeClock();
  const resolved = resolveServerOptions({ url: "127.0.0.1:0", codec: "json", ping_interval_ms: 1_000 });
  const connector = new WebSocketConnector(resolved.stream, new ServerLink(resolved), clock);
  await connector.start();
  const { port } = connector.address as { port: number };
  const raw = await RawWebSocket.connect(target(port));
  clock.advance(1_000);
  expect(await raw.frame()).toMatchObject({ opcode: PING, payload: Buffer.from("0") });
  raw.bytes(frameBytes("0", { opcode: PONG }));
  // A reply of its own shows that the pong was read.
  raw.bytes(frameBytes("x", { opcode: PING }));
  await raw.frame();
  clock.advance(1_000);
  await raw.frame();
  await connector.pause();
  clock.advance(10_000);
  await connector.resume();
  expect(connector.metrics.streams).toBe(1);
  clock.advance(1_000);
  // Not a bound: it has been silent since it was asked again.
  clock.advance(1_000);
  expect(await raw.closed).not.toBe(undefined);
  const ended = connector.changes();
  if (connector.metrics.streams > 0) await ended.next();
  expect(connector.metrics.streams).toBe(0);
  await connector.stop();
});

test("[R36] err drops its oldest beyond 16,384, and counts them", async () => {
  await using server = await serve({ preprocessors: ["separate"] });
  const raw = await RawWebSocket.connect(target(server.port));
  raw.text("{\n".repeat(16_500));
  await expect.poll(() => server.connector.metrics.err).toBe(16_500);
  expect(server.connector.metrics.err_dropped).toBe(16_500 - 16_384);
  raw.destroy();
  await raw.closed;
  await server.connector.stop();
  expect(await server.err.rest()).toHaveLength(16_384);
});

test("[R39] start() resolves listening, and is the same promise each time; the connector is disposed of as it leaves its scope", async () => {
  const server = await serve();
  expect(server.connector.start()).toBe(server.connector.start());
  expect([server.connector.state, server.connector.connectivity]).toEqual(["running", "connected"]);
  await server.connector[Symbol.asyncDispose]();
  expect([server.connector.state, server.connector.connectivity]).toEqual(["stopped", "disconnected"]);
  for (const what of ["pause", "drain", "stop"] as const) await server.connector[what]();
  expect(await rejection(server.connector.resume())).toMatchObject({
    code: "CONNECTION_CLOSED",
    message: 'Cannot resume the WebSocket server on "127.0.0.1:0": it was stopped',
  });
});

test("a server stops while it begins to listen, and while a connection has said nothing", async () => {
  const resolved = resolveServerOptions({ url: "localhost:0", codec: "json" });
  const connector = new WebSocketConnector(resolved.stream, new ServerLink(resolved));
  const started = rejection(connector.start());
  await connector.stop();
  expect(await started).toMatchObject({ code: "CONNECTION_CLOSED" });
  const server = await serve();
  const { connect: dial } = await import("node:net");
  const silent = dial(server.port, "127.0.0.1");
  await once(silent, "connect");
  const closed = once(silent, "close");
  await server.connector.stop();
  await closed;
});

test("connections beyond max_connections are turned away, and one that ends makes room", async () => {
  await using server = await serve({ max_connections: 1 });
  const one = await connect(server.url);
  expect(await rejection(connect(server.url, { reconnect: "none" }))).toMatchObject({ code: "UNREACHABLE" });
  const changes = server.connector.changes();
  await one.connector.stop();
  await changes.next();
  await using three = await connect(server.url);
  expect(three.connector.connectivity).toBe("connected");
});

test.each<[Options, Readonly<Record<string, string>>, string]>([
  [{}, {}, "101"],
  [{}, { Origin: "https://example.org" }, "403"],
  [{ origins: ["https://example.org"] }, { Origin: "https://example.org" }, "101"],
  [{ origins: ["https://example.org"] }, { Origin: "https://other.example" }, "403"],
  [{ origins: "*" }, { Origin: "https://other.example" }, "101"],
  [{ url: "127.0.0.1:0/feed" }, {}, "404"],
  [{}, { "Sec-WebSocket-Version": "12" }, "400"],
])("a server given %j answers a request with %j by %s", async (options, headers, status) => {
  await using server = await serve(options);
  const raw = await RawWebSocket.connect(target(server.port), headers);
  expect(raw.head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  raw.destroy();
  await raw.closed;
});

test("compression that is offered is not taken, and another request is answered by 426", async () => {
  await using server = await serve();
  const raw = await RawWebSocket.connect(target(server.port), { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" });
  expect(raw.head).not.toMatch(/extensions/i);
  const response = await fetch(`http://127.0.0.1:${server.port}/`);
  expect([response.status, await response.text()]).toEqual([426, "This is a WebSocket: it answers no other requests.\n"]);
  raw.destroy();
  await raw.closed;
});
