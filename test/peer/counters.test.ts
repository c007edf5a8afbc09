import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../src/index.js";
import { rejection } from "../kit/fixtures.js";
import { peerPair } from "../kit/peer-pair.js";

const kv = defineContract("kv", { get: method<string, string>(), never: method(), fail: method(), count: stream<void, number>() });
const implementation = implement(kv, {
  get: (key) => key,
  never: () => new Promise<void>(() => {}),
  fail: () => {
    throw new Error("no");
  },
  async *count() {
    yield* [1, 2, 3];
  },
});

test("each message is counted where it is sent and where it is received, with its length", async () => {
  const { host, plugin } = peerPair({ provides: [implementation] });
  const { get } = host.dispense(kv);
  expect(host.counters).toEqual({ sent: 0, received: 0, errors: 0, pending: 0, bytesSent: 0, bytesReceived: 0, orphanReplies: 0 });
  await Promise.all([get("a"), get("b")]);
  const [asked, answered] = ['{"jsonrpc":"2.0","id":0,"method":"kv.get","params":["a"]}', '{"jsonrpc":"2.0","id":0,"result":"a"}'];
  const bytesSent = 2 * (asked.length + 1);
  const bytesReceived = 2 * (answered.length + 1);
  expect(host.counters).toMatchObject({ sent: 2, received: 2, bytesSent, bytesReceived, pending: 0 });
  expect(plugin.counters).toMatchObject({ sent: 2, received: 2, bytesSent: bytesReceived, bytesReceived: bytesSent });
  await host.close();
});

test("calls that wait are pending, and those that rejected are errors, whatever the reason", async () => {
  const { host, plugin, clock } = peerPair({ provides: [implementation] });
  const { never, fail } = host.dispense(kv);
  const controller = new AbortController();
  const late = rejection(never(undefined, { timeoutMs: 10 }));
  const aborted = rejection(never(undefined, { signal: controller.signal }));
  const lost = rejection(never());
  expect(host.counters).toMatchObject({ pending: 3, errors: 0 });
  await rejection(fail());
  expect([host.counters.errors, plugin.counters.errors]).toEqual([1, 1]);
  clock.advance(10);
  await late;
  controller.abort();
  await aborted;
  expect(host.counters).toMatchObject({ pending: 1, errors: 3 });
  await rejection(host.call("kv.get", 5n));
  expect(host.counters).toMatchObject({ pending: 1, errors: 4 });
  await host.close();
  await lost;
  expect(host.counters).toMatchObject({ pending: 0, errors: 5 });
});

test("a stream counts by its messages, not by its items", async () => {
  const { host } = peerPair({ provides: [implementation] });
  for await (const _ of host.dispense(kv).count());
  const { sent, received } = host.counters;
  // The opening; and its answer, items and end.
  expect([sent, received]).toEqual([1, 3]);
  await host.close();
});

test("the counters are as they were when they were looked at", async () => {
  const { host } = peerPair({ provides: [implementation] });
  const { counters } = host;
  await host.ping();
  expect([counters.sent, host.counters.sent]).toEqual([0, 1]);
  await host.close();
});
