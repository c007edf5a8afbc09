import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { merge, type StreamEvent } from "../../src/connectors/index.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { BINARY, frameBytes, RawWebSocket, TEXT } from "../transport/raw-websocket.js";
import { connect, dataOf, serve } from "./kit.js";

gate();

const target = (port: number) => ({ host: "127.0.0.1", port });

test("[R1] a client of another hand completes the handshake, and its message appears as an event", async () => {
  await using server = await serve();
  const socket = new WebSocket(server.url);
  await once(socket, "open");
  socket.send('{"hello":1}\n');
  expect((await server.out.next()).data).toEqual({ hello: 1 });
  socket.close();
  await once(socket, "close");
});

test("[R2] a client makes one connection, and messages flow both ways", async () => {
  await using server = await serve();
  await using client = await connect(server.url);
  await client.connector.send({ data: "there" });
  const event = await server.out.next();
  await server.connector.send({ ...event, data: "and back" });
  expect([event.data, (await client.out.next()).data, server.connector.metrics.streams]).toEqual(["there", "and back", 1]);
});

test("[R3] text is the default; a binary frame arrives flagged, and leaves as one when it is sent back or said to be binary", async () => {
  await using server = await serve({ codec: "binary", preprocessors: [], postprocessors: [] });
  const raw = await RawWebSocket.connect(target(server.port));
  raw.text("text");
  raw.bytes(frameBytes(Buffer.from([0xff, 0]), { opcode: BINARY }));
  const [text, binary] = (await server.out.take(2)) as [StreamEvent, StreamEvent];
  expect([text.meta.binary, binary.meta.binary, Buffer.from(binary.data as Buffer)]).toEqual([undefined, true, Buffer.from([0xff, 0])]);
  await server.connector.send(text);
  await server.connector.send(binary);
  await server.connector.send({ ...text, meta: { ...text.meta, binary: true } });
  const frames = [await raw.frame(), await raw.frame(), await raw.frame()];
  expect(frames.map((frame) => frame?.opcode)).toEqual([TEXT, BINARY, BINARY]);
  raw.destroy();
  await raw.closed;
});

test("[R3] bytes that are not UTF-8 do not leave in a text frame: the send is refused by a sentence", async () => {
  await using server = await serve();
  await using client = await connect(server.url, { codec: "binary", postprocessors: [] });
  const error = await rejection(client.connector.send({ data: Buffer.from([0xff]) }));
  expect(error).toMatchObject({
    code: "INVALID_INPUT",
    message:
      "Cannot send an event: it goes in a text frame, and is not UTF-8\n  Set binary: true in its meta to send it in a binary frame.",
  });
});

test.each(["$ws_server", "$ws_client", "ws_server", "ws_client"])(
  "[R3, R5] an event whose meta says binary at %s goes in a binary frame",
  async (name) => {
    await using server = await serve();
    await using client = await connect(server.url);
    await client.connector.send({ data: 1, meta: { [name]: { binary: true } } });
    await client.connector.send({ data: 2, meta: { [name]: { binary: false }, binary: true } });
    const events = await server.out.take(2);
    expect(events.map(({ meta }) => meta.binary === true)).toEqual([true, false]);
  },
);

test("[R4, R5, R6, R7] each connection is a stream of its own, named in every event; a reply reaches it by the event, or by its meta alone", async () => {
  await using server = await serve();
  await using one = await connect(server.url);
  await using two = await connect(server.url);
  await one.connector.send({ data: "one" });
  const first = await server.out.next();
  await two.connector.send({ data: "two" });
  const second = await server.out.next();
  expect(first.origin).not.toEqual(second.origin);
  expect(first.meta).toEqual({ ws_server: { tls: false, peer: { host: "127.0.0.1", port: expect.any(Number) } } });
  expect(first.meta).not.toEqual(second.meta);
  await server.connector.send({ ...first, data: "to one" });
  await server.connector.send({ data: "to two", meta: { ws_server: second.meta.ws_server } });
  await server.connector.send({ data: "to two again", meta: { $ws_server: { peer: second.meta.ws_server?.peer } } });
  const got = await one.out.next();
  expect([got.data, dataOf(await two.out.take(2))]).toEqual(["to one", ["to two", "to two again"]]);
  expect(got.meta).toEqual({ ws_client: { tls: false, peer: { host: "127.0.0.1", port: server.port } } });
});

test("[R5] the meta of an event is the address that the socket has", async () => {
  await using server = await serve();
  const raw = await RawWebSocket.connect(target(server.port));
  raw.text("1\n");
  const { localAddress: host, localPort: port } = raw.socket;
  expect((await server.out.next()).meta.ws_server?.peer).toEqual({ host, port });
  raw.destroy();
  await raw.closed;
});

test("[R8] an event that was merged of several goes to each connection that they came from, and to no other", async () => {
  await using server = await serve();
  await using one = await connect(server.url);
  await using two = await connect(server.url);
  await using other = await connect(server.url);
  await one.connector.send({ data: 1 });
  const first = await server.out.next();
  await two.connector.send({ data: 2 });
  const second = await server.out.next();
  await other.connector.send({ data: 3 });
  const third = await server.out.next();
  await server.connector.send(merge([first, second, first], { sum: 3 }));
  await server.connector.send({ ...third, data: "yours" });
  expect([(await one.out.next()).data, (await two.out.next()).data, (await other.out.next()).data]).toEqual([
    { sum: 3 },
    { sum: 3 },
    "yours",
  ]);
});

test("[R8, R33] of a merged event whose connections are partly gone the rest is sent, and its send says how many got it", async () => {
  await using server = await serve();
  await using one = await connect(server.url);
  const two = await connect(server.url);
  await one.connector.send({ data: 1 });
  await two.connector.send({ data: 2 });
  const events = await server.out.take(2);
  const ends = server.connector.changes();
  await two.connector.stop();
  await ends.next();
  const error = await rejection(server.connector.send(merge(events, "sum")));
  expect(error).toMatchObject({
    code: "CONNECTION_LOST",
    message: 'Cannot send from the WebSocket server on "127.0.0.1:0": of 2 connections that the event is for, 1 got it',
  });
  expect((await one.out.next()).data).toBe("sum");
  await ends.return?.();
});

test("[R9, R10] `separate` cuts one frame to several events; buffered: false gives what follows the last newline at once", async () => {
  await using buffered = await serve();
  await using atOnce = await serve({ preprocessors: [{ name: "separate", config: { buffered: false } }] });
  const raws = [await RawWebSocket.connect(target(buffered.port)), await RawWebSocket.connect(target(atOnce.port))] as const;
  for (const raw of raws) raw.text('{"a":1}\n{"b":2}\n3');
  expect(dataOf(await atOnce.out.take(3))).toEqual([{ a: 1 }, { b: 2 }, 3]);
  expect(dataOf(await buffered.out.take(2))).toEqual([{ a: 1 }, { b: 2 }]);
  raws[0].text("4\n");
  expect((await buffered.out.next()).data).toBe(34);
  for (const raw of raws) raw.destroy();
  await Promise.all(raws.map(({ closed }) => closed));
});

test("[R18] a frame that cannot be decoded comes on err, with what it was; the connection stays, and the next one is read", async () => {
  await using server = await serve();
  const raw = await RawWebSocket.connect(target(server.port));
  raw.text("{no\n");
  raw.text("1\n");
  const { data, meta, input } = await server.err.next();
  const { localPort } = raw.socket;
  expect(data.code).toBe("PROTOCOL_VIOLATION");
  expect(data.message).toMatch(`Cannot take what came from 127.0.0.1:${localPort}: the codec "json" cannot decode it (`);
  expect([meta.ws_server?.peer.port, String(input)]).toEqual([localPort, "{no"]);
  expect((await server.out.next()).data).toBe(1);
  raw.destroy();
  await raw.closed;
});

test("[R18] JSON that is not UTF-8, or nested without end, comes on err", async () => {
  await using server = await serve();
  await using client = await connect(server.url, { codec: "binary" });
  await client.connector.send({ data: Buffer.from([0x22, 0xff, 0x22]), meta: { binary: true } });
  await client.connector.send({ data: Buffer.from("[".repeat(100_000)) });
  const errors = [await server.err.next(), await server.err.next()];
  expect(errors.map(({ data }) => data.message.replace(/.*cannot decode it /, ""))).toEqual([
    "(it is not UTF-8)",
    "(it is nested deeper than 1000 levels)",
  ]);
});

test("a codec of the user's own is called, and what it throws is the cause", async () => {
  const broken = new Error("not today");
  const own = {
    name: "upper",
    encode: (data: unknown) => String(data).toUpperCase(),
    decode(data: Uint8Array) {
      if (data.length > 3) throw broken;
      return Buffer.from(data).toString().toLowerCase();
    },
  };
  await using server = await serve({ codec: own, preprocessors: [], postprocessors: [] });
  await using client = await connect(server.url, { codec: own, preprocessors: [], postprocessors: [] });
  await client.connector.send({ data: "abc" });
  await client.connector.send({ data: "long" });
  expect((await server.out.next()).data).toBe("abc");
  const { data, input } = await server.err.next();
  expect([data.cause, String(input)]).toEqual([broken, "LONG"]);
});

test.each<[string, unknown, string]>([
  ["json", undefined, 'the codec "json" cannot encode its data (JSON has no such value)'],
  ["json", 1n, 'the codec "json" cannot encode its data (Do not know how to serialize a BigInt)'],
  ["string", 1, 'the codec "string" cannot encode its data (it is no text)'],
  ["binary", "text", 'the codec "binary" cannot encode its data (it is no Uint8Array)'],
])("[R18] an event that the codec %s cannot encode is refused by its send: %s", async (codec, data, sentence) => {
  await using server = await serve();
  await using client = await connect(server.url, { codec });
  const error = await rejection(client.connector.send({ data }));
  expect(error).toMatchObject({ code: "INVALID_INPUT", message: `Cannot send an event: ${sentence}` });
});

test.each<[string, unknown, string]>([
  ["no event", 1, "it is 1, and it must be an object with data"],
  [
    "a wrong peer",
    { data: 1, meta: { ws_server: { peer: { host: 1 } } } },
    "meta.ws_server.peer is an object, and it must be an object with host and port",
  ],
  ["a wrong flag", { data: 1, meta: { binary: "yes" } }, 'meta.binary is "yes", and it must be true or false'],
  ["a wrong origin", { data: 1, origin: ["x"] }, "origin is a list, and it must be a Set of connections"],
])("what is no event is refused by a TypeError: %s", async (_, event, sentence) => {
  await using server = await serve();
  const error = await rejection(server.connector.send(event as never));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toBe(`Cannot send an event: ${sentence}`);
});

test.each<[string, unknown, string]>([
  ["names nobody", { data: 1 }, "the event names no connection"],
  [
    "names somebody who is not there",
    { data: 1, meta: { ws_server: { peer: { host: "::1", port: 1 } } } },
    "there is no connection from [::1]:1",
  ],
  ["came from who is gone", { data: 1, origin: new Set(["x"]) }, "the connections that it came from are gone"],
])("[R33] a send fails whose event %s", async (_, event, sentence) => {
  await using server = await serve();
  const error = await rejection(server.connector.send(event as never));
  expect(error).toMatchObject({ code: "NOT_SENT", message: `Cannot send from the WebSocket server on "127.0.0.1:0": ${sentence}` });
});
