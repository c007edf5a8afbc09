import { TransformStream } from "node:stream/web";
import { expect, test } from "vitest";
import type { OutgoingEvent, StreamEvent } from "../../src/connectors/index.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { client, connect, dataOf, serve } from "./kit.js";

gate();

const upper = (): TransformStream<StreamEvent, OutgoingEvent> =>
  new TransformStream({ transform: ({ data }, controller) => controller.enqueue({ data: String(data).toUpperCase() }) });

test("[R36] server.readable().pipeThrough(…).pipeTo(client.writable()) carries all in order, and ends as the server stops", async () => {
  await using from = await serve();
  await using to = await serve();
  await using source = await connect(from.url);
  const sink = await connect(to.url);
  const piped = from.connector.readable().pipeThrough(upper()).pipeTo(sink.connector.writable(), { preventClose: true });
  const words = Array.from({ length: 500 }, (_, index) => `word ${index}`);
  await Promise.all(words.map((data) => source.connector.send({ data })));
  expect(dataOf(await to.out.take(500))).toEqual(words.map((word) => word.toUpperCase()));
  await from.connector.stop();
  await piped;
  await sink.connector.stop();
});

test("[R24, R27] writable() waits while there is no connection, and loses nothing that was not handed over", async () => {
  const first = await serve();
  await using made = client(first.url, { reconnect: { retry: { interval_ms: 10, randomized: false } } });
  await made.connector.start();
  const writer = made.connector.writable().getWriter();
  await writer.write({ data: 1 });
  expect((await first.out.next()).data).toBe(1);
  await first.connector.stop();
  await expect.poll(() => made.connector.connectivity).toBe("disconnected");
  const written = writer.write({ data: 2 });
  await using second = await serve({ url: `127.0.0.1:${first.port}` });
  await written;
  expect((await second.out.next()).data).toBe(2);
  expect(made.connector.metrics.err).toBe(0);
});

test("writable() puts what cannot be encoded on err, with its data, and goes on; what is no event ends it", async () => {
  await using server = await serve();
  await using made = await connect(server.url);
  const writer = made.connector.writable().getWriter();
  await writer.write({ data: 1n });
  await writer.write({ data: 2 });
  expect((await server.out.next()).data).toBe(2);
  const { data, input } = await made.err.next();
  expect([data.code, input]).toEqual(["INVALID_INPUT", 1n]);
  expect(await rejection(writer.write(3 as never))).toBeInstanceOf(TypeError);
  await rejection(writer.closed);
});

test("[R17] readable() and writable() fail where the connector does", async () => {
  const server = await serve();
  await using made = await connect(server.url, { reconnect: "none" });
  const reader = made.connector.readable().getReader();
  const writer = made.connector.writable().getWriter();
  const failed = rejection(reader.read());
  await server.connector.stop();
  expect(await failed).toBe(made.connector.error);
  expect(await rejection(writer.write({ data: 1 }))).toBe(made.connector.error);
  await rejection(writer.closed);
});

test("writable() that waits for a connection fails as the connector is stopped", async () => {
  const server = await serve();
  const made = await connect(server.url, { reconnect: { retry: { interval_ms: 3_600_000 } } });
  const writer = made.connector.writable().getWriter();
  await server.connector.stop();
  await expect.poll(() => made.connector.connectivity).toBe("disconnected");
  const waiting = rejection(writer.write({ data: 1 }));
  await made.connector.stop();
  expect(await waiting).toMatchObject({ code: "NOT_SENT" });
  await rejection(writer.closed);
});

test("readable() that is cancelled while it waits takes nothing: what comes then is for the next reader", async () => {
  await using server = await serve();
  await using made = await connect(server.url);
  const reader = server.connector.readable().getReader();
  const reading = reader.read();
  await reader.cancel();
  expect(await reading).toEqual({ done: true, value: undefined });
  await made.connector.send({ data: 1 });
  expect((await server.out.next()).data).toBe(1);
});
