import { expect, test } from "vitest";
import { defineContract, implement, method, notification, stream } from "../../../src/index.js";
import { makeRemote } from "../../../src/peer/calls/remote.js";
import { SwitchableTarget } from "../../../src/peer/calls/switchable-target.js";
import { deferred } from "../../../src/util/deferred.js";
import { showValue } from "../../../src/util/show-value.js";
import { FakeClock } from "../../kit/fake-clock.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const kv = defineContract("kv", {
  get: method<string, string>(),
  put: notification<string>(),
  watch: stream<void, string>(),
  each: method<{ report: (text: string) => void }, string>(),
});
const DOWN = 'plugin "kv" is being restarted';

/** A process of the plugin, as far as its host sees it. */
function plugin(name: string) {
  const put: string[] = [];
  const more = deferred<void>();
  const implementation = implement(kv, {
    get: (key) => `${key} of ${name}`,
    put: (text) => void put.push(text),
    async *watch() {
      yield `first of ${name}`;
      await more.promise;
      yield `last of ${name}`;
    },
    each: async ({ report }) => {
      await report(`begun by ${name}`);
      await more.promise;
      return `done by ${name}`;
    },
  });
  return { ...peerPair({ provides: [implementation] }), put, more };
}

/** A remote, and the target that it calls. */
function handle(clock = new FakeClock(), maxPendingCalls = 100) {
  const target = new SwitchableTarget({ clock, callTimeoutMs: 60_000, maxPendingCalls, why: 'plugin "kv" has not been started' });
  return { target, clock, remote: makeRemote(kv, target, { validate: true, plugin: "kv", clock, hold: undefined, callTimeoutMs: 60_000 }) };
}

async function crossed(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await settled();
}

test("a remote goes on working when its target is switched from one peer to another", async () => {
  const [first, second] = [plugin("first"), plugin("second")];
  const { target, clock, remote } = handle();
  const { get, put } = remote; // Taken once, as users do.
  target.switchTo(first.host.peer);
  expect([await get("a"), target.takesCalls]).toEqual(["a of first", true]);
  await put("one");
  target.switchOff(DOWN);
  expect(target.takesCalls).toBe(false);
  const refused = rejection(get("b"));
  clock.runSoon();
  expect(await refused).toMatchObject({ code: "NOT_SENT", message: `Cannot call "kv.get": ${DOWN}` });
  target.switchTo(second.host.peer);
  expect(await get("c")).toBe("c of second");
  await put("two");
  await crossed();
  expect([first.put, second.put]).toEqual([["one"], ["two"]]);
  await Promise.all([first.host.close(), second.host.close()]);
});

test("streams and lent functions stay with the peer that they began with", async () => {
  const [first, second] = [plugin("first"), plugin("second")];
  const { target, remote } = handle();
  target.switchTo(first.host.peer);
  const items = remote.watch()[Symbol.asyncIterator]();
  expect((await items.next()).value).toBe("first of first");
  const reported: string[] = [];
  const each = remote.each({ report: (text) => void reported.push(text) });
  await crossed();
  target.switchTo(second.host.peer);
  const later = remote.watch()[Symbol.asyncIterator]();
  expect((await later.next()).value).toBe("first of second");
  first.more.resolve();
  expect((await items.next()).value).toBe("last of first");
  expect([await each, reported]).toEqual(["done by first", ["begun by first"]]);
  await second.host.close();
  expect(await rejection(later.next())).toMatchObject({ code: "CONNECTION_CLOSED" });
  await first.host.close();
});

test("[F66] a call while nothing is there is refused at once, and in a macrotask", async () => {
  const { target, clock, remote } = handle();
  const call = outcome(remote.get("a"));
  await Promise.resolve();
  await settled();
  expect(call.state).toBe("pending");
  clock.runSoon();
  await settled();
  expect(call).toMatchObject({ state: "rejected", value: { message: 'Cannot call "kv.get": plugin "kv" has not been started' } });
  target.switchOff(DOWN);
  for (const refused of [remote.get("a", { waitReadyMs: 0 }), remote.put("a"), remote.watch()[Symbol.asyncIterator]().next()]) {
    const error = rejection(refused);
    clock.runSoon();
    expect(await error).toMatchObject({ code: "NOT_SENT", message: expect.stringContaining(DOWN) });
  }
});

test("[F66] calls that wait go first, in the order in which they were made; notifications and streams wait as well", async () => {
  const { target, remote } = handle();
  const { connection, channel } = scripted();
  target.switchOff(DOWN);
  const calls = ["a", "b"].map((key) => remote.get(key, { waitReadyMs: 1_000 }));
  const told = remote.put("c", { waitReadyMs: 1_000 });
  const items = remote.watch(undefined, { waitReadyMs: 1_000 })[Symbol.asyncIterator]();
  const item = items.next();
  await settled();
  target.switchTo(connection.peer);
  calls.push(remote.get("d"));
  const sent = channel.take();
  expect(sent.map(({ method: name, params }) => [name, params?.[0]])).toEqual([
    ["kv.get", "a"],
    ["kv.get", "b"],
    ["kv.put", "c"],
    ["kv.watch", undefined],
    ["kv.get", "d"],
  ]);
  for (const { id, params, method: name } of sent)
    if (id !== undefined) channel.answer(id, name === "kv.watch" ? { stream: 7 } : params[0]);
  await told;
  expect(await Promise.all(calls)).toEqual(["a", "b", "d"]);
  channel.say({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 7, items: ["e"] } });
  expect(await item).toEqual({ done: false, value: "e" });
  await items.return?.();
  await connection.close();
});

test("the wait counts within timeoutMs", async () => {
  const { clock, connection, channel } = scripted();
  const { target, remote } = handle(clock);
  const call = rejection(remote.get("a", { timeoutMs: 1_000, waitReadyMs: 5_000 }));
  clock.advance(400);
  target.switchTo(connection.peer);
  expect(channel.take()).toHaveLength(1);
  clock.advance(599);
  expect(channel.take()).toEqual([]);
  clock.advance(1);
  expect(await call).toMatchObject({ code: "CALL_TIMEOUT", message: expect.stringContaining("did not answer in 600 ms") });
  await connection.close();
});

test.each([
  { options: { waitReadyMs: 500 }, ms: 500 },
  { options: { waitReadyMs: 500, timeoutMs: 200 }, ms: 200 },
  { options: { waitReadyMs: Number.POSITIVE_INFINITY }, ms: 60_000 },
  { options: { waitReadyMs: 500, maxTotalMs: 100, timeoutMs: 200 }, ms: 100 },
])("a call with $options waits for $ms ms, and was not sent then", async ({ options, ms }) => {
  const { target, clock, remote } = handle();
  target.switchOff(DOWN);
  const call = outcome(remote.get("a", options));
  clock.advance(ms - 1);
  await settled();
  expect(call.state).toBe("pending");
  clock.advance(1);
  await settled();
  const message = `Cannot call "kv.get": ${DOWN}, and was not ready in ${ms} ms`;
  expect(call).toMatchObject({ state: "rejected", value: { code: "NOT_SENT", message } });
  expect(clock.timers).toBe(0);
  target.switchTo(plugin("late").host.peer);
  await settled();
  expect(call.times).toBe(1);
});

test("a call that waits ends with its signal, and leaves nothing behind", async () => {
  const { connection, channel } = scripted();
  const { target, clock, remote } = handle();
  const controller = new AbortController();
  const call = rejection(remote.get("a", { signal: controller.signal, waitReadyMs: 1_000 }));
  const reason = new Error("no more");
  controller.abort(reason);
  expect(await call).toBe(reason);
  expect(await rejection(remote.get("a", { signal: controller.signal, waitReadyMs: 1_000 }))).toBe(reason);
  expect(clock.timers).toBe(0);
  target.switchTo(connection.peer);
  expect(channel.take()).toEqual([]);
});

test("end() refuses what waits, and what comes later", async () => {
  const { target, clock, remote } = handle();
  const calls = [rejection(remote.get("a", { waitReadyMs: 1_000 }))];
  target.end('plugin "kv" was unloaded');
  calls.push(rejection(remote.get("b", { waitReadyMs: 1_000 })));
  target.switchTo(plugin("late").host.peer);
  target.switchOff(DOWN);
  calls.push(rejection(remote.get("c")));
  clock.runSoon();
  for (const error of await Promise.all(calls)) {
    expect(error).toMatchObject({ code: "NOT_SENT", message: 'Cannot call "kv.get": plugin "kv" was unloaded' });
  }
  expect(clock.timers).toBe(0);
});

test("a target that takes no more calls refuses by itself, and a call that waits gets the next one", async () => {
  const [first, second] = [plugin("first"), plugin("second")];
  const { target, remote } = handle(first.clock);
  target.switchTo(first.host.peer);
  await first.plugin.close();
  await first.host.closed;
  expect(target.takesCalls).toBe(false);
  const refused = rejection(remote.get("a"));
  first.clock.runSoon();
  expect((await refused).message).toBe('Cannot call "kv.get": the connection to plugin "kv" was closed by it');
  const waiting = remote.get("b", { waitReadyMs: 1_000 });
  target.switchTo(second.host.peer);
  expect(await waiting).toBe("b of second");
  await second.host.close();
});

test("so many calls wait at a time, and the next is BUSY", async () => {
  const { target, clock, remote } = handle(new FakeClock(), 2);
  target.switchOff(DOWN);
  const waiting = [1, 2].map(() => rejection(remote.get("a", { waitReadyMs: 1_000 })));
  const busy = rejection(remote.get("a", { waitReadyMs: 1_000 }));
  clock.runSoon();
  expect(await busy).toMatchObject({ code: "BUSY", message: `Cannot call "kv.get": ${DOWN}, and 2 calls wait for it already` });
  target.end(DOWN);
  await Promise.all(waiting);
});

test.each([-1, Number.NaN, "soon"])("a waitReadyMs of %j is refused, whether the target is there or not", async (waitReadyMs) => {
  const { host } = plugin("up");
  const { target, remote } = handle();
  const name = typeof waitReadyMs === "number" ? "RangeError" : "TypeError";
  const wanted = "and it must be a number of milliseconds from 0, or Infinity";
  const message = `Cannot call "kv.get": waitReadyMs is ${showValue(waitReadyMs)}, ${wanted}`;
  expect(await rejection(remote.get("a", { waitReadyMs: waitReadyMs as number }))).toMatchObject({ name, message });
  target.switchTo(host.peer);
  expect(await rejection(remote.get("a", { waitReadyMs: waitReadyMs as number }))).toMatchObject({ name, message });
  await host.close();
});

test("where nothing is on its way calls do not wait, until something is again", async () => {
  const { target, clock, remote } = handle();
  const waiting = rejection(remote.get("a", { waitReadyMs: 60_000 }));
  target.giveUp('plugin "kv" is errored');
  const refused = rejection(remote.get("b", { waitReadyMs: 60_000 }));
  await crossed();
  clock.advance(0);
  for (const error of [await waiting, await refused])
    expect(error).toMatchObject({ code: "NOT_SENT", message: 'Cannot call "kv.get": plugin "kv" is errored' });
  target.switchOff(DOWN);
  const later = remote.get("c", { waitReadyMs: 60_000 });
  target.switchTo(plugin("second").host.peer);
  expect(await later).toBe("c of second");
});
