import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../src/index.js";
import { rejection } from "../kit/fixtures.js";
import { peerPair } from "../kit/peer-pair.js";

const kv = defineContract("kv", { get: method<number, unknown>(), set: method<unknown, number>(), list: stream<void, unknown>() });
const many = (count: number): unknown[] => Array.from({ length: count }, () => ({}));

test("[F53] an input, a result and an item with more values than a message may hold are refused where they were made, and nothing else", async () => {
  const limits = { maxValues: 20_000 };
  const provides = [
    implement(kv, {
      get: many,
      set: (value) => (value as unknown[]).length,
      async *list() {
        yield 1;
        yield many(20_001);
      },
    }),
  ];
  const { host, plugin } = peerPair({ provides, hostLimits: limits, pluginLimits: limits });
  const { get, set, list } = host.dispense(kv);
  const input = await rejection(set(many(20_001)));
  expect(input).toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: 'Cannot call "kv.set": its input holds more values than a message may: 20000 (limits.maxValues)',
  });
  const result = await rejection(get(20_001));
  expect(result["code"]).toBe("LIMIT_EXCEEDED");
  expect(result.message).toContain('Cannot answer "kv.get": its result holds more values than a message may: 20000 (limits.maxValues)');
  const read: unknown[] = [];
  const all = async (): Promise<void> => {
    for await (const item of list()) read.push(item);
  };
  expect(await rejection(all())).toMatchObject({ code: "LIMIT_EXCEEDED" });
  expect([read, await set(many(19_000)), ((await get(19_000)) as unknown[]).length]).toEqual([[1], 19_000, 19_000]);
  expect([host.peer.open, plugin.peer.open]).toEqual([true, true]);
  await host.close();
});

test("[F53] a message with more values than this side takes closes the connection", async () => {
  const provides = [implement(kv, { get: many, set: () => 0, async *list() {} })];
  const { host } = peerPair({ provides, hostLimits: { maxValues: 20_000 } });
  expect(await rejection(host.dispense(kv).get(20_001))).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await host.closed).toMatchObject({ kind: "lost", error: { code: "PROTOCOL_VIOLATION" } });
  expect(((await host.closed) as { error: Error }).error.message).toContain("it holds more than 20000 values");
});
