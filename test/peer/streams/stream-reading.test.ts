import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { type CallOptions, defineContract, stream } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const source = defineContract("source", { read: stream<unknown, unknown>() });
const provided = [{ name: "source", members: { read: { kind: "stream" as const } } }];

/** A reader of `source.read`, and the test as its writer. */
function reader(options?: CallOptions) {
  const side = scripted({ provided });
  const items = side.connection.dispense(source).read(undefined, options)[Symbol.asyncIterator]() as AsyncIterableIterator<unknown>;
  const note = (method: string, params: object): void => side.channel.say({ jsonrpc: "2.0", method, params });
  return {
    ...side,
    items,
    peer: side.connection.peer,
    send: (...sent: unknown[]) => note("rpc.item", { stream: 7, items: sent }),
    end: (error?: object) => note("rpc.end", { stream: 7, ...(error && { error }) }),
  };
}
/** The same, open, with its first item read. */
async function open(options?: CallOptions) {
  const side = reader(options);
  const first = side.items.next();
  side.channel.answer(side.channel.take()[0].id, { stream: 7 });
  side.send("first");
  expect(await first).toEqual({ done: false, value: "first" });
  return side;
}
const DONE = { done: true, value: undefined };

test("a reader gives credit as it is read, first when half of the first credit was, and none for what it holds", async () => {
  const { items, send, channel } = await open();
  send(...Array(255).fill("x"));
  for (let read = 1; read < 127; read++) await items.next();
  expect(channel.take()).toEqual([]);
  await items.next();
  expect(channel.take()).toEqual([
    { jsonrpc: "2.0", method: "rpc.credit", params: { stream: 7, items: 1_024 - 128, bytes: expect.any(Number) } },
  ]);
});

test("the credit that a reader gives back is the bytes of UTF-8 of the whole messages that were read", async () => {
  const { items, channel } = await open();
  channel.take();
  const message = JSON.stringify({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 7, items: ["€".repeat(200_000)] } });
  channel.say(message);
  await items.next();
  const first = JSON.stringify({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 7, items: ["first"] } });
  expect(channel.take()[0].params).toEqual({
    stream: 7,
    items: 1_024 - 256 + 2,
    bytes: Buffer.byteLength(message) + Buffer.byteLength(first),
  });
});

test("more items than were asked for close the connection", async () => {
  const { items, send, peer, logger } = await open();
  send(...Array(256).fill("x"));
  expect(await peer.closed).toMatchObject({ kind: "lost", error: { code: "PROTOCOL_VIOLATION" } });
  expect(logger.text).toContain("it sent a line that is no message: it holds more of a stream than was asked for");
  expect(await rejection(items.next())).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await items.next()).toEqual(DONE);
});

test("one item may exceed the bytes that were asked for, and a second closes the connection", async () => {
  const { send, peer } = await open();
  send("x".repeat(5 * 1024 * 1024));
  expect(peer.open).toBe(true);
  send("x");
  expect(peer.open).toBe(false);
});

test("messages without items give their bytes back, and cost the writer nothing for good", async () => {
  const { channel, items, peer, send } = await open();
  for (let n = 0; n < 30_000; n++) channel.say({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 7, items: [] } });
  expect(channel.take().every(({ method, params }) => method === "rpc.credit" && params.bytes >= 512 * 1024)).toBe(true);
  send("last");
  expect([await items.next(), peer.open]).toEqual([{ done: false, value: "last" }, true]);
});

test("return() tells the writer once, drops what has arrived, and lets go of everything", async () => {
  const { items, channel, send, peer } = await open();
  send(1, 2, 3);
  channel.take();
  expect(await items.return?.()).toEqual(DONE);
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", method: "rpc.cancel", params: { stream: 7 } }]);
  // What was on its way is no fault of the writer's.
  send(...Array(256).fill("late"));
  send("late");
  expect([await items.next(), await items.return?.(), channel.take(), peer.open, peer.openStreams]).toEqual([DONE, DONE, [], true, 0]);
});

test("return() while items are waited for settles those who wait, as done", async () => {
  const { items } = await open();
  const waiting = [items.next(), items.next()];
  await items.return?.();
  expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
});

test("next() may be called any number of times before the stream is open, and each gets the next item in order", async () => {
  const { items, channel, send, end } = reader();
  const early = Promise.all([items.next(), items.next(), items.next()]);
  channel.answer(0, { stream: 7 });
  const late = Promise.resolve().then(() => items.next());
  send(1, 2);
  send(3, 4);
  end();
  expect((await early).map(({ value }) => value)).toEqual([1, 2, 3]);
  expect([await late, await items.next()]).toEqual([{ done: false, value: 4 }, DONE]);
});

test("of those who wait for a stream that cannot be opened one is told why, and the others that there is nothing", async () => {
  const { items, channel, peer } = reader();
  const waiting = [outcome(items.next()), outcome(items.next())];
  channel.fail(0, { code: -32000, message: "no such thing" });
  await settled();
  expect(waiting).toMatchObject([
    { state: "rejected", value: { message: "no such thing" } },
    { state: "resolved", value: DONE },
  ]);
  expect([await items.next(), peer.openStreams, peer.pending]).toEqual([DONE, 0, 0]);
});

test("a stream that is returned while it is opened is called off, and closed when it opens all the same", async () => {
  const { items, channel, peer } = reader();
  const waiting = items.next();
  channel.take();
  expect(await items.return?.()).toEqual(DONE);
  expect(await waiting).toEqual(DONE);
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", method: "rpc.cancel", params: { id: 0 } }]);
  channel.answer(0, { stream: 7 });
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", method: "rpc.cancel", params: { stream: 7 } }]);
  expect([peer.pending, peer.openStreams, peer.counters.orphanReplies]).toEqual([0, 0, 0]);
});

test("a deadline covers the opening alone; a stream that opens after it is closed", async () => {
  const { items, channel, clock, peer } = reader({ timeoutMs: 100 });
  const failure = rejection(items.next());
  clock.advance(100);
  expect(await failure).toMatchObject({
    code: "CALL_TIMEOUT",
    message: 'Gave up the call of "source.read": plugin "kv" did not answer in 100 ms; it may have run',
  });
  channel.take();
  channel.answer(0, { stream: 7 });
  expect([channel.take(), peer.openStreams]).toEqual([[{ jsonrpc: "2.0", method: "rpc.cancel", params: { stream: 7 } }], 0]);
  const inTime = await open({ timeoutMs: 100 });
  inTime.clock.advance(10_000);
  inTime.send("late");
  expect(await inTime.items.next()).toEqual({ done: false, value: "late" });
});

test("[F69] an abort rejects with the signal's reason at once, tells the writer, and leaves no listener", async () => {
  const controller = new AbortController();
  const { items, channel, send, peer } = await open({ signal: controller.signal });
  const waiting = [outcome(items.next()), outcome(items.next())];
  channel.take();
  controller.abort(new Error("enough"));
  await settled();
  expect(waiting).toMatchObject([
    { state: "rejected", value: { message: "enough" } },
    { state: "resolved", value: DONE },
  ]);
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", method: "rpc.cancel", params: { stream: 7 } }]);
  send("late");
  expect([await items.next(), peer.openStreams, getEventListeners(controller.signal, "abort").length]).toEqual([DONE, 0, 0]);
});

test("[F69] an abort while items wait to be read drops them, also where the writer has ended", async () => {
  const controller = new AbortController();
  const { items, send, end } = await open({ signal: controller.signal });
  send(1, 2);
  end();
  expect(getEventListeners(controller.signal, "abort").length).toBe(0);
  controller.abort(new Error("enough"));
  expect(await rejection(items.next())).toMatchObject({ message: "enough" });
  expect(await items.next()).toEqual(DONE);
});

test("an abort before the stream is read, or while it opens, rejects with the reason and asks for nothing more", async () => {
  const before = reader({ signal: AbortSignal.abort(new Error("too late")) });
  expect(await rejection(before.items.next())).toMatchObject({ message: "too late" });
  expect([before.channel.take(), await before.items.next()]).toEqual([[], DONE]);
  const controller = new AbortController();
  const during = reader({ signal: controller.signal });
  const failure = rejection(during.items.next());
  controller.abort(new Error("enough"));
  expect(await failure).toMatchObject({ message: "enough" });
  expect(during.channel.take().map(({ method }) => method)).toEqual(["source.read", "rpc.cancel"]);
  expect(getEventListeners(controller.signal, "abort").length).toBe(0);
});

test("a thousand streams with one signal leave one listener while they are open, and none after", async () => {
  const controller = new AbortController();
  const { connection, channel } = scripted({ provided });
  const { read } = connection.dispense(source);
  const readings = Array.from({ length: 1_000 }, () => read(undefined, { signal: controller.signal })[Symbol.asyncIterator]());
  const items = readings.map((reading) => reading.next());
  for (const { id } of channel.take()) channel.answer(id, { stream: id });
  expect([connection.peer.openStreams, getEventListeners(controller.signal, "abort").length]).toEqual([1_000, 1]);
  for (let stream = 0; stream < 1_000; stream++) channel.say({ jsonrpc: "2.0", method: "rpc.end", params: { stream } });
  expect(new Set((await Promise.all(items)).map(({ done }) => done))).toEqual(new Set([true]));
  expect([connection.peer.openStreams, getEventListeners(controller.signal, "abort").length]).toEqual([0, 0]);
});

test("what has arrived is read before the error that the writer ended with, which is told once", async () => {
  const { items, send, end, peer } = await open();
  send(1);
  end({ code: -32000, message: "no more", data: { name: "RangeError", code: "EMPTY" } });
  expect(peer.openStreams).toBe(0);
  expect(await items.next()).toEqual({ done: false, value: 1 });
  expect(await rejection(items.next())).toMatchObject({
    code: "REMOTE_ERROR",
    message: "no more",
    remoteName: "RangeError",
    remoteCode: "EMPTY",
  });
  expect(await items.next()).toEqual(DONE);
});

test("a writer that ended a stream unasked is quoted with the stream's name", async () => {
  const { items, end } = await open();
  end({ code: -32800, message: "bored" });
  expect(await rejection(items.next())).toMatchObject({
    code: "CANCELLED",
    message: 'Cannot call "source.read": plugin "kv" ended it, unasked\n  it answered: bored',
  });
});

test.each([null, 5, {}, { stream: -1 }, { stream: 1.5 }, { stream: "1" }])("an answer of %j opens no stream", async (answer) => {
  const { items, channel, peer } = reader();
  const failure = rejection(items.next());
  channel.answer(0, answer);
  expect(await failure).toMatchObject({
    code: "PROTOCOL_VIOLATION",
    message: 'Cannot read stream "source.read": plugin "kv" answered with no stream',
  });
  expect([peer.open, peer.openStreams, peer.pending]).toEqual([true, 0, 0]);
});

test("items, ends and credit of streams that nobody has are ignored, whatever they hold", async () => {
  const { connection, channel } = scripted();
  for (const method of ["rpc.item", "rpc.end", "rpc.credit", "rpc.cancel"]) {
    for (const stream of [0, -1, 2 ** 60, "0", null, {}]) {
      channel.say({ jsonrpc: "2.0", method, params: { stream, items: [], error: 5, bytes: "x" } });
    }
  }
  expect([channel.take(), connection.peer.open]).toEqual([[], true]);
});

test("items that are no array close the connection", () => {
  const { connection, channel } = scripted();
  channel.say({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 0, items: 5 } });
  expect(connection.peer.open).toBe(false);
});

test("a reader that nobody waits at fails in silence, and tells the next who asks", async () => {
  const { items, connection } = await open();
  await connection.close();
  await settled();
  expect(await rejection(items.next())).toMatchObject({
    code: "CONNECTION_CLOSED",
    message: 'Lost the rest of "source.read": we closed the connection to plugin "kv"',
  });
  expect(await items.next()).toEqual(DONE);
});
