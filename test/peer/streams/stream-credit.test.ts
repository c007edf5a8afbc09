import { expect, test } from "vitest";
import { defineContract, implement, type Limits, stream } from "../../../src/index.js";
import { peerPair } from "../../kit/peer-pair.js";
import { scripted } from "../../kit/script-channel.js";

const source = defineContract("source", { read: stream<unknown, unknown>() });
const provided = [{ name: "source", members: { read: { kind: "stream" as const } } }];
const FIRST = { items: 256, bytes: 1024 * 1024 };

const messageOf = (items: unknown[]): string => JSON.stringify({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 7, items } });

/** An open stream with a writer that sends as much as it may, in messages of `most` items or fewer. */
async function open(limits: Limits, most: number, item = "x") {
  const side = scripted({ provided, limits });
  const { channel, connection } = side;
  const items = connection.dispense(source).read(undefined)[Symbol.asyncIterator]();
  const first = items.next();
  channel.answer(channel.take()[0].id, { stream: 7 });
  const left = { ...FIRST };
  const given: { items: number; bytes: number }[] = [];
  const listen = (): void => {
    for (const { method, params } of channel.take()) {
      if (method !== "rpc.credit") continue;
      given.push({ items: params.items, bytes: params.bytes });
      left.items += params.items;
      left.bytes += params.bytes;
    }
  };
  let sent = 0;
  /** Sends what may be sent, and returns how many items that were. */
  const fill = (): number => {
    const before = sent;
    for (listen(); left.items > 0 && left.bytes > 0; listen()) {
      const some = Array(Math.min(most, left.items)).fill(item);
      const message = messageOf(some);
      left.items -= some.length;
      left.bytes -= message.length;
      sent += some.length;
      channel.say(message);
    }
    return sent - before;
  };
  return { ...side, items, first, fill, given, listen, left };
}

test("streamCreditCount and streamCreditBytes above the first credit are given when half of that was read", async () => {
  const { given, listen, fill, items, connection } = await open({ streamCreditCount: 1_000, streamCreditBytes: 3 * 1024 * 1024 }, 1);
  expect(fill()).toBe(256);
  for (let read = 1; read < 127; read++) await items.next();
  listen();
  expect(given).toEqual([]);
  await items.next();
  listen();
  expect(given).toEqual([{ items: 1_000 - 128, bytes: expect.any(Number) }]);
  expect(given[0]?.bytes).toBeGreaterThan(2 * 1024 * 1024);
  expect([fill(), connection.peer.open]).toEqual([1_000 - 128, true]);
});

test("one of the two may be above its first credit, and the other below", async () => {
  const { given, listen, fill, items, connection } = await open({ streamCreditCount: 512, streamCreditBytes: 2_048 }, 1, "x".repeat(1_000));
  let sent = fill();
  expect(sent).toBe(256);
  let read = 1;
  for (; read < 128; read++) await items.next();
  listen();
  expect(given).toEqual([{ items: 384, bytes: 0 }]);
  sent += fill();
  for (; read < sent; read++) await items.next();
  sent += fill();
  // The rest of the first MiB, and from there on two messages at a time: 2,048 bytes, and what exceeds them.
  expect(sent).toBe(Math.ceil(FIRST.bytes / messageOf(["x".repeat(1_000)]).length));
  for (let round = 0; round < 20; round++) {
    for (; read < sent; read++) await items.next();
    const more = fill();
    expect(more).toBe(2);
    sent += more;
  }
  expect(connection.peer.open).toBe(true);
});

test.each([1, 2, 10, 100, 255])(
  "with a streamCreditCount of %d no more than those wait once the first 256 were read",
  async (streamCreditCount) => {
    const { fill, items, first, connection } = await open({ streamCreditCount }, 1_000);
    expect(fill()).toBe(256);
    await first;
    for (let read = 1; read < 256; read++) await items.next();
    for (let round = 0; round < 20; round++) {
      const more = fill();
      expect([more > 0, more <= streamCreditCount]).toEqual([true, true]);
      for (let read = 0; read < more; read++) await items.next();
    }
    expect(connection.peer.open).toBe(true);
  },
);

test("with a small streamCreditBytes one message more than those is on its way, and the stream goes on", async () => {
  const item = "x".repeat(10_000);
  const { fill, items, first } = await open({ streamCreditBytes: 1_024 }, 1, item);
  const many = fill();
  expect(many).toBe(Math.ceil(FIRST.bytes / messageOf([item]).length));
  await first;
  for (let read = 1; read < many; read++) await items.next();
  for (let round = 0; round < 20; round++) {
    expect(fill()).toBe(1);
    await items.next();
  }
});

test.each([
  [{ streamCreditCount: 1, streamCreditBytes: 1_024 }, {}],
  [{}, { streamCreditCount: 1, streamCreditBytes: 1_024 }],
  [{ streamCreditCount: 100_000, streamCreditBytes: 2 ** 40 }, { streamCreditCount: 3 }],
])("a stream arrives whole where the host has %j and the plugin %j", async (hostLimits, pluginLimits) => {
  const counting = async function* (): AsyncGenerator<unknown> {
    for (let n = 0; n < 3_000; n++) yield n % 100 === 0 ? "x".repeat(20_000) : n;
  };
  const echo = async function* (items: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    for await (const item of items) yield item;
  };
  const handlers = { read: echo as never };
  const { host } = peerPair({ provides: [implement(source, handlers)], hostLimits, pluginLimits });
  let count = 0;
  for await (const item of host.dispense(source).read(counting())) {
    expect(item).toBe(count % 100 === 0 ? "x".repeat(20_000) : count);
    count++;
  }
  expect([count, host.peer.openStreams]).toEqual([3_000, 0]);
  await host.close();
});
