import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";
import { scripted, settled } from "../../kit/script-channel.js";

const source = defineContract("source", { read: stream<unknown, unknown>() });
const provided = [{ name: "source", members: { read: { kind: "stream" as const } } }];
const DONE = { done: true, value: undefined };
const KIB = 1024;

/** So many open streams of `source.read`, of which nothing was read, and the test as their writer. */
async function open(count: number, maxUnreadBytes: number) {
  const side = scripted({ provided, limits: { maxUnreadBytes } });
  const { channel, connection } = side;
  const streams = Array.from({ length: count }, () => connection.dispense(source).read(undefined)[Symbol.asyncIterator]());
  const firsts = streams.map((items) => items.next());
  for (const [own, { id }] of channel.take().entries()) channel.answer(id, { stream: own });
  const send = (own: number, length: number): void =>
    channel.say({ jsonrpc: "2.0", method: "rpc.item", params: { stream: own, items: ["x".repeat(length)] } });
  const end = (own: number): void => channel.say({ jsonrpc: "2.0", method: "rpc.end", params: { stream: own } });
  for (let own = 0; own < count; own++) send(own, 1);
  await Promise.all(firsts);
  channel.take();
  return { ...side, streams, send, end };
}
const SENTENCE =
  'Gave up stream "source.read": all streams of plugin "kv" together have more than 102400 bytes waiting to be read, and this one most of them' +
  "\n  Read it as it comes, end it with return(), or raise limits.maxUnreadBytes.";

test("beyond maxUnreadBytes the stream that holds most fails, its writer is told, and the others are read on", async () => {
  const { streams, send, channel, connection } = await open(3, 100 * KIB);
  send(0, 20 * KIB);
  send(1, 60 * KIB);
  expect(channel.take()).toEqual([]);
  send(2, 30 * KIB);
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", method: "rpc.cancel", params: { stream: 1 } }]);
  expect(await rejection(streams[1]?.next() as Promise<unknown>)).toMatchObject({ code: "LIMIT_EXCEEDED", message: SENTENCE });
  expect(await streams[1]?.next()).toEqual(DONE);
  for (const own of [0, 2]) expect((await streams[own]?.next())?.done).toBe(false);
  // What was read, and what was given up, is no more counted.
  for (const own of [0, 2]) send(own, 49 * KIB);
  expect([channel.take(), connection.peer.open, connection.peer.openStreams]).toEqual([[], true, 2]);
});

test("what is read as it comes is not counted, however much of it there is", async () => {
  const { streams, send, channel } = await open(2, 100 * KIB);
  send(0, 90 * KIB);
  for (let round = 0; round < 50; round++) {
    const reading = streams[1]?.next();
    send(1, 200 * KIB);
    expect((await reading)?.done).toBe(false);
  }
  expect(channel.take().filter(({ method }) => method !== "rpc.credit")).toEqual([]);
});

test("a stream that has ended, and was not read, is counted and given up as well; one that holds little is not", async () => {
  const { streams, send, end, channel } = await open(12, 100 * KIB);
  for (let own = 2; own < 12; own++) {
    send(own, 15 * KIB);
    end(own);
  }
  send(0, 60 * KIB);
  end(0);
  expect(channel.take()).toEqual([]);
  send(1, 50 * KIB);
  expect(await rejection(streams[0]?.next() as Promise<unknown>)).toMatchObject({ code: "LIMIT_EXCEEDED", message: SENTENCE });
  expect(await streams[0]?.next()).toEqual(DONE);
  // The writer of what has ended has nothing to be told of.
  expect([channel.take(), (await streams[1]?.next())?.done, (await streams[2]?.next())?.done]).toEqual([[], false, false]);
});

test("a stream that has ended is counted no more when it was read to its end, or returned", async () => {
  const { streams, send, end, channel } = await open(4, 100 * KIB);
  for (const own of [0, 1]) {
    send(own, 45 * KIB);
    end(own);
  }
  expect((await streams[0]?.next())?.done).toBe(false);
  expect(await streams[0]?.next()).toEqual(DONE);
  await streams[1]?.return?.();
  send(2, 45 * KIB);
  send(3, 45 * KIB);
  expect([channel.take(), (await streams[2]?.next())?.done, (await streams[3]?.next())?.done]).toEqual([[], false, false]);
});

test("[F60] a call that brings streams, and fills them while its handler reads none, keeps to maxUnreadBytes, and calls go on", async () => {
  const kv = defineContract("kv", { put: method<unknown, unknown>() });
  const taken: AsyncIterable<unknown>[] = [];
  const put = (items: any): unknown => {
    if (items === 1) return "fine";
    taken.push(...items);
    return new Promise(() => {});
  };
  const { host, plugin, clock } = peerPair({ provides: [implement(kv, { put })], pluginLimits: { maxUnreadBytes: 1024 * KIB } });
  let [yielded, closed] = [0, 0];
  const big = async function* (): AsyncGenerator<string> {
    try {
      for (;;) {
        yielded++;
        yield "x".repeat(100 * KIB);
      }
    } finally {
      closed++;
    }
  };
  const call = host.dispense(kv).put(Array.from({ length: 20 }, big));
  call.catch(() => {});
  // Each writer stops at its credit, or is told to: 20 MiB, were it not for the limit.
  for (let before = -1; before !== yielded || closed === 0; ) {
    before = yielded;
    for (let turn = 0; turn < 20; turn++) {
      clock.runSoon();
      await settled();
    }
  }
  expect([await host.dispense(kv).put(1), plugin.peer.open]).toEqual(["fine", true]);
  expect(closed).toBeGreaterThanOrEqual(19);
  const given = await Promise.allSettled(taken.map((items) => items[Symbol.asyncIterator]().next()));
  const reasons = given.flatMap((end) => (end.status === "rejected" ? [end.reason.code] : []));
  expect([reasons.length, new Set(reasons)]).toEqual([closed, new Set(["LIMIT_EXCEEDED"])]);
  await host.close();
});
