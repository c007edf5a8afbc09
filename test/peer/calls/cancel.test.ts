import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { rejection } from "../../kit/fixtures.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

test("[F69] a call that is aborted rejects at once with the signal's reason, unwrapped, and tells the other side", async () => {
  const { connection, channel } = scripted();
  const controller = new AbortController();
  const call = rejection(connection.call("kv.get", 1, { signal: controller.signal }));
  const [{ id }] = channel.take();
  const reason = { any: "reason" };
  controller.abort(reason);
  expect(await call).toBe(reason);
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", method: "rpc.cancel", params: { id } }]);
  expect(connection.peer.pending).toBe(0);
});

test("[F69, F50] the late answer of a call that was given up is dropped, and is no orphan", async () => {
  const { connection, channel } = scripted();
  const controller = new AbortController();
  const call = outcome(connection.call("kv.get", 1, { signal: controller.signal }));
  controller.abort();
  channel.answer(0, "late");
  await settled();
  expect(call).toMatchObject({ state: "rejected", times: 1 });
  expect(call.value.name).toBe("AbortError");
  expect(connection.peer.counters.orphanReplies).toBe(0);
  channel.fail(0, { code: -32800, message: "again" });
  expect(connection.peer.counters.orphanReplies).toBe(1);
});

test("[F69] a signal that was aborted before sends nothing", async () => {
  const { connection, channel } = scripted();
  const reason = new Error("before");
  const signal = AbortSignal.abort(reason);
  expect(await rejection(connection.call("kv.get", 1, { signal }))).toBe(reason);
  expect(channel.take()).toEqual([]);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("[F69] a signal that aborts while the input is encoded sends nothing", async () => {
  const { connection, channel } = scripted();
  const controller = new AbortController();
  const input = { toJSON: () => controller.abort("now") };
  expect(await rejection(connection.call("kv.get", { input }, { signal: controller.signal }))).toBe("now");
  expect([channel.take(), connection.peer.pending]).toEqual([[], 0]);
});

test("[F69] no listener stays on the caller's signal, however a call ends", async () => {
  const { connection, channel, clock } = scripted();
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, "abort").length;
  const place = (timeoutMs = 1_000) => {
    const call = outcome(connection.call("kv.get", 1, { signal, timeoutMs }));
    expect(listeners()).toBe(1);
    return { call, id: channel.take()[0].id };
  };
  channel.answer(place().id, "yes");
  expect(listeners()).toBe(0);
  channel.fail(place().id, { code: -32000, message: "no" });
  expect(listeners()).toBe(0);
  place(10);
  clock.advance(10);
  expect(listeners()).toBe(0);
  await rejection(connection.call("kv.get", 1n, { signal }));
  expect(listeners()).toBe(0);
  place();
  channel.end();
  expect(listeners()).toBe(0);
  clock.runSoon();
});

test("[F69] one signal ends a thousand calls, each once", async () => {
  const { connection, channel } = scripted();
  const controller = new AbortController();
  const calls = Array.from({ length: 1_000 }, () => outcome(connection.call("kv.get", 1, { signal: controller.signal })));
  expect(getEventListeners(controller.signal, "abort"), "more than ten would be taken for a leak").toHaveLength(1);
  controller.abort("all");
  await settled();
  expect(calls.every(({ state, value, times }) => state === "rejected" && value === "all" && times === 1)).toBe(true);
  expect(channel.take().filter(({ method }) => method === "rpc.cancel")).toHaveLength(1_000);
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
});

test("a signal that is none is refused, and no call is left behind", async () => {
  const { connection, channel } = scripted();
  const signal = new AbortController() as unknown as AbortSignal;
  expect(await rejection(connection.call("kv.get", 1, { signal }))).toEqual(
    new TypeError('Cannot call "kv.get": signal is an AbortController, and it must be an AbortSignal'),
  );
  expect([channel.take(), connection.peer.pending]).toEqual([[], 0]);
});
