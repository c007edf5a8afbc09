import { expect, test } from "vitest";
import { showValue } from "../../../src/util/show-value.js";
import { rejection } from "../../kit/fixtures.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

test("[P1] a call that is not answered in its time rejects CALL_TIMEOUT, and the other side is told", async () => {
  const { connection, channel, clock } = scripted();
  const call = outcome(connection.call("kv.get", 1, { timeoutMs: 250 }));
  clock.advance(249);
  await settled();
  expect(call.state).toBe("pending");
  clock.advance(1);
  await settled();
  expect(call.value).toMatchObject({
    name: "PluginError",
    code: "CALL_TIMEOUT",
    message: 'Gave up the call of "kv.get": plugin "kv" did not answer in 250 ms; it may have run',
  });
  expect(channel.take().at(-1)).toEqual({ jsonrpc: "2.0", method: "rpc.cancel", params: { id: 0 } });
  channel.answer(0, "late");
  expect(connection.peer.counters.orphanReplies).toBe(0);
});

test("[P1] a call without its own deadline has the connection's", async () => {
  const { connection, clock } = scripted({ callTimeoutMs: 60_000 });
  const calls = [connection.call("kv.get"), connection.call("kv.get", 1, {}), connection.call("kv.get", 1, { timeoutMs: undefined })];
  clock.advance(60_000);
  for (const call of calls) expect(await rejection(call)).toMatchObject({ code: "CALL_TIMEOUT" });
});

test.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY, "5", null])(
  "[F68] timeoutMs %j is refused as a mistake of the caller's, and nothing is sent",
  async (timeoutMs) => {
    const { connection, channel } = scripted();
    const error = await rejection(connection.call("kv.get", 1, { timeoutMs: timeoutMs as number }));
    const Kind = typeof timeoutMs === "number" ? RangeError : TypeError;
    const wanted = "a number of milliseconds above 0, or Infinity";
    expect(error).toEqual(new Kind(`Cannot call "kv.get": timeoutMs is ${showValue(timeoutMs)}, and it must be ${wanted}`));
    expect([channel.take(), connection.peer.pending]).toEqual([[], 0]);
  },
);

test.each([2 ** 31, 2 ** 53, Number.POSITIVE_INFINITY])("[F68] timeoutMs %j does not fire at once", async (timeoutMs) => {
  const { connection, channel, clock } = scripted();
  const call = outcome(connection.call("kv.get", 1, { timeoutMs }));
  clock.advance(2 ** 31 - 1);
  await settled();
  expect(call.state).toBe("pending");
  channel.answer(0, "there");
  await settled();
  expect(call.value).toBe("there");
});

test("[P1] every call has its own deadline, whatever the order in which they were placed", async () => {
  const { connection, clock } = scripted();
  const expired: number[] = [];
  const times = [500, 100, 300, 100, 700, 50];
  for (const timeoutMs of times) connection.call("kv.get", 1, { timeoutMs }).catch(() => expired.push(timeoutMs));
  for (const at of [50, 100, 300, 500, 700]) {
    clock.advance(at - (clock.now() - 1_000));
    await settled();
    expect(expired).toEqual(times.filter((time) => time <= at).sort((a, b) => a - b));
  }
  expect(connection.peer.pending).toBe(0);
});

test("[F11] answers that wait to be read when this process wakes up are read before calls time out", async () => {
  const { connection, channel, clock } = scripted();
  const answered = outcome(connection.call("kv.get", 1, { timeoutMs: 100 }));
  const silent = outcome(connection.call("kv.get", 2, { timeoutMs: 100 }));
  clock.stall(1_500); // The timer is due, and what has arrived is still to be read.
  channel.answer(0, "in time");
  clock.runSoon();
  await settled();
  expect(answered).toMatchObject({ state: "resolved", value: "in time" });
  expect(silent.value).toMatchObject({ code: "CALL_TIMEOUT" });
});

test("one timer serves all deadlines, and none is left after the end", async () => {
  const { connection, channel, clock } = scripted();
  const calls = Array.from({ length: 100 }, (_, n) => rejection(connection.call("kv.get", n, { timeoutMs: 1_000 + n })));
  expect(clock.timers).toBe(1);
  channel.end();
  expect(clock.timers).toBe(0);
  await Promise.all(calls);
});

test("a message sent after thousands of calls were given up still finds its call", async () => {
  const { connection, channel, clock } = scripted();
  const given = Array.from({ length: 16_000 }, () => rejection(connection.call("kv.get", 1, { timeoutMs: 10 })));
  clock.advance(10);
  await Promise.all(given);
  channel.take();
  for (let id = 0; id < 16_000; id++) channel.answer(id, "late");
  expect(connection.peer.counters.orphanReplies).toBe(0);
  const call = connection.call("kv.get", 2);
  channel.answer(channel.take()[0].id, "now");
  expect(await call).toBe("now");
});
