import { expect, test } from "vitest";
import { type CallContext, defineContract, implement, method, notification, stream } from "../../../src/index.js";
import { type Deferred, deferred } from "../../../src/util/deferred.js";
import type { Limits } from "../../../src/wire/limits.js";
import { recordsOf } from "../../kit/options.js";
import { scripted, settled } from "../../kit/script-channel.js";

const kv = defineContract("kv", {
  get: method<unknown, unknown>(),
  wait: method<unknown, unknown>(),
  note: notification<unknown>(),
  keys: stream(),
});

/** A side that provides `kv`, and the test as its caller. */
function provider(limits: Limits = {}) {
  const waiting: (Deferred<unknown> & { readonly context: CallContext })[] = [];
  const notes: unknown[] = [];
  const wait = (_input: unknown, context: CallContext) => {
    const one = deferred<unknown>();
    waiting.push({ ...one, context });
    return one.promise;
  };
  const implementation = implement(kv, {
    get: (value) => value,
    wait,
    note: (value, context) => {
      notes.push(value);
      if (value !== "wait") return;
      return wait(value, context) as Promise<void>;
    },
    async *keys() {},
  });
  const side = scripted({ limits });
  side.connection.provide(recordsOf([implementation]));
  const ask = (id: number | string, name: string, params?: unknown, meta?: object) =>
    side.channel.say({ jsonrpc: "2.0", id, method: name, params, meta });
  return { ...side, waiting, notes, ask };
}

test("a handler that returns a value is answered at once; one that returns a promise when it settles, in any order", async () => {
  const { channel, waiting, ask } = provider();
  ask(0, "kv.wait");
  ask("one", "kv.wait");
  ask(2, "kv.get", { a: 1 });
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", id: 2, result: { a: 1 } }]);
  waiting[1]?.resolve("second");
  waiting[0]?.reject(new Error("first"));
  await settled();
  expect(channel.take()).toMatchObject([
    { id: "one", result: "second" },
    { id: 0, error: { code: -32000, message: "first" } },
  ]);
});

test.each([
  ["kv.set", -32601, 'Cannot run "kv.set": nobody provides it here'],
  ["kv", -32601, 'Cannot run "kv": nobody provides it here'],
  ["constructor", -32601, 'Cannot run "constructor": nobody provides it here'],
  ["__proto__", -32601, 'Cannot run "__proto__": nobody provides it here'],
  ["kv.toString", -32601, 'Cannot run "kv.toString": nobody provides it here'],
  ["", -32600, "Cannot run a method of that name: a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  ["a b", -32600, "Cannot run a method of that name: a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  ["x".repeat(129), -32600, "Cannot run a method of that name: a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  ["rpc.nothing", -32601, 'Cannot run "rpc.nothing": the protocol has no such method here'],
])("[F48] a request for %j is answered %i, and the connection lives", (name, code, message) => {
  const { connection, channel, ask } = provider();
  ask(0, name);
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", id: 0, error: { code, message } }]);
  channel.say({ jsonrpc: "2.0", method: name });
  expect([channel.take(), connection.peer.open]).toEqual([[], true]);
});

test("params that hold more than one value are answered -32602", () => {
  const { channel, ask } = provider();
  ask(0, "kv.get", [1, 2]);
  const message = 'Cannot run "kv.get": it takes one value, and params holds 2';
  expect(channel.take()[0].error).toEqual({ code: -32602, message, data: { issues: [{ message }] } });
});

test("a request whose id still runs closes the connection", () => {
  const { connection, channel, ask } = provider();
  ask(0, "kv.wait");
  ask(0, "kv.get", [1]);
  expect(channel.take().at(-1)).toMatchObject({ id: null, error: { code: -32600 } });
  expect(connection.peer.open).toBe(false);
});

test("[F71] a handler that never settles is answered -32800 when its caller cancels, and its place is free", async () => {
  const { connection, channel, waiting, ask } = provider({ maxRunningCalls: 1 });
  ask(0, "kv.wait");
  const { signal } = waiting[0]!.context;
  channel.say({ jsonrpc: "2.0", method: "rpc.cancel", params: { id: 0 } });
  expect(channel.take()).toEqual([
    { jsonrpc: "2.0", id: 0, error: { code: -32800, message: "The call was ended: the caller cancelled it" } },
  ]);
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toMatchObject({ code: "CANCELLED", message: "The call was ended: the caller cancelled it" });
  expect(connection.peer.running).toBe(0);
  ask(0, "kv.get", ["again"]);
  waiting[0]?.resolve("late");
  await settled();
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", id: 0, result: "again" }]);
});

test.each([{ id: 5 }, { id: "0" }, { id: null }, {}, [0], undefined, { stream: 1 }])(
  "rpc.cancel of nothing that runs does nothing: %j",
  (params) => {
    const { connection, channel, ask } = provider();
    ask(0, "kv.wait");
    channel.say({ jsonrpc: "2.0", method: "rpc.cancel", params });
    expect([channel.take(), connection.peer.running, connection.peer.open]).toEqual([[], 1, true]);
  },
);

test("[F71] meta.timeoutMs ends a call on the side that runs it, and a call that was answered no more", async () => {
  const { channel, waiting, clock, ask } = provider();
  ask(0, "kv.wait", undefined, { timeoutMs: 50 });
  ask(1, "kv.wait", undefined, { timeoutMs: 50 });
  for (const timeoutMs of [0, -1, "50", null]) ask(`odd ${timeoutMs}`, "kv.wait", undefined, { timeoutMs });
  expect(clock.timers).toBe(2);
  waiting[1]?.resolve("in time");
  await settled();
  expect(clock.timers).toBe(1);
  clock.advance(50);
  expect(channel.take()).toEqual([
    { jsonrpc: "2.0", id: 1, result: "in time" },
    { jsonrpc: "2.0", id: 0, error: { code: -32800, message: "The call was ended: its 50 ms passed" } },
  ]);
  expect([waiting[0]?.context.signal.aborted, waiting[1]?.context.signal.aborted]).toEqual([true, false]);
});

test("the end of the connection aborts what runs, with the reason, and answers nobody", async () => {
  const { connection, channel, waiting, clock, ask } = provider();
  ask(0, "kv.wait", undefined, { timeoutMs: 50 });
  channel.say({ jsonrpc: "2.0", method: "kv.note", params: ["wait"] });
  const early = waiting[0]!.context.signal;
  channel.end();
  // Seen before the end or only afterwards, the signal is the same.
  for (const signal of [early, waiting[1]?.context.signal]) {
    expect(signal?.reason).toMatchObject({
      code: "CONNECTION_LOST",
      message: 'The call was ended: the connection to plugin "kv" was closed by it',
    });
  }
  waiting[0]?.resolve("late");
  await settled();
  expect([channel.take(), connection.peer.running, clock.timers]).toEqual([[], 0, 0]);
});

test("[F72] a call that hangs holds no other back", () => {
  const { channel, ask } = provider();
  ask(0, "kv.wait");
  for (let id = 1; id <= 100; id++) ask(id, "kv.get", [id]);
  expect(channel.take().map(({ result }) => result)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
});

test("beyond maxRunningCalls a call is answered -32002, and a notification is dropped", async () => {
  const { channel, waiting, notes, ask } = provider({ maxRunningCalls: 2 });
  ask(0, "kv.wait");
  channel.say({ jsonrpc: "2.0", method: "kv.note", params: ["wait"] });
  ask(1, "kv.get", [1]);
  channel.say({ jsonrpc: "2.0", method: "kv.note", params: ["dropped"] });
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", id: 1, error: { code: -32002, message: 'Cannot run "kv.get": 2 calls run already' } }]);
  waiting[1]?.resolve(undefined);
  await settled();
  ask(2, "kv.get", [2]);
  expect(channel.take()).toMatchObject([{ id: 2, result: 2 }]);
  expect(notes).toEqual(["wait"]);
});

test("while earlier answers have not been read, calls are answered -32002 and then no more is read", () => {
  const { channel, ask } = provider({ maxUnsentBytes: 1_024 });
  channel.unsent = 2_000;
  ask(0, "kv.get", [1]);
  expect([channel.take()[0].result, channel.paused]).toEqual([1, true]);
  ask(1, "kv.get", [2]);
  expect(channel.take()[0].error).toEqual({ code: -32002, message: 'Cannot run "kv.get": earlier answers have not been read' });
  channel.drained();
  expect(channel.paused).toBe(false);
  ask(2, "kv.get", [3]);
  expect(channel.take()[0].result).toBe(3);
});

test("a notification is never answered, and what it fails with is logged", async () => {
  const { channel, waiting, notes, logger } = provider();
  channel.say({ jsonrpc: "2.0", method: "kv.note", params: { a: 1 } });
  channel.say({ jsonrpc: "2.0", method: "kv.note", params: [1, 2] });
  channel.say({ jsonrpc: "2.0", method: "kv.note", params: ["wait"] });
  channel.say({ jsonrpc: "2.0", method: "kv.get", params: ["a method, and nobody asks"] });
  waiting[0]?.reject(new Error("no"));
  await settled();
  expect([channel.take(), notes]).toEqual([[], [{ a: 1 }, "wait"]]);
  expect(logger.records.map(({ message }) => message)).toEqual(Array(2).fill('The handler of "kv.note" failed'));
});

test("draining takes no more calls, and resolves once those that run are answered", async () => {
  const { connection, channel, waiting, notes, ask, clock } = provider();
  ask(0, "kv.wait");
  const drained: string[] = [];
  for (const name of ["first", "second"]) void connection.peer.drain(1_000).then(() => drained.push(name));
  ask(1, "kv.get", [1]);
  channel.say({ jsonrpc: "2.0", method: "kv.note", params: ["late"] });
  expect(channel.take()).toEqual([
    { jsonrpc: "2.0", id: 1, error: { code: -32003, message: 'Cannot run "kv.get": this side is stopping' } },
  ]);
  await settled();
  expect(drained).toEqual([]);
  waiting[0]?.resolve("done");
  await settled();
  expect([channel.take(), drained, notes, clock.timers]).toEqual([[{ jsonrpc: "2.0", id: 0, result: "done" }], ["first", "second"], [], 0]);
  await connection.peer.drain(1_000);
});

test("draining ends after its grace period, whatever still runs", async () => {
  const { connection, ask, clock } = provider();
  ask(0, "kv.wait");
  const drained = connection.peer.drain(1_000);
  clock.advance(1_000);
  await drained;
  expect(connection.peer.running).toBe(1);
});

test("a stream is answered by its number, and its end follows", async () => {
  const { channel, ask, connection } = provider();
  ask(0, "kv.keys");
  await settled();
  expect(channel.take()).toEqual([
    { jsonrpc: "2.0", id: 0, result: { stream: 0 } },
    { jsonrpc: "2.0", method: "rpc.end", params: { stream: 0 } },
  ]);
  expect([connection.peer.running, connection.peer.openStreams]).toEqual([0, 0]);
});
