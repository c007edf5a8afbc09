import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const kv = defineContract("kv", { list: stream<unknown, unknown>(), put: method<unknown, unknown>() });
const provided = [{ name: "kv", members: { list: { kind: "stream" as const }, put: { kind: "method" as const } } }];
const endless = async function* (): AsyncGenerator<number> {
  for (let n = 0; ; n++) yield n;
};
const DONE = { done: true, value: undefined };

test("beyond maxOpenStreams a stream is BUSY before anything is sent, in a macrotask, until one of the others ends", async () => {
  const { connection, channel, clock } = scripted({ provided, limits: { maxOpenStreams: 2 } });
  const { list } = connection.dispense(kv);
  const [one, two, three] = [1, 2, 3].map((n) => list(n)[Symbol.asyncIterator]());
  const opening = [one?.next(), two?.next()];
  const third = outcome(three?.next() as Promise<unknown>);
  // Neither of the two is answered yet: a stream counts from its call.
  const [first, second, ...more] = channel.take();
  expect([first.params, second.params, more]).toEqual([[1], [2], []]);
  await settled();
  expect(third.state).toBe("pending");
  clock.runSoon();
  await settled();
  expect(third.value).toMatchObject({
    code: "BUSY",
    message: 'Cannot call "kv.list": 2 streams from plugin "kv" are open already (limits.maxOpenStreams)',
  });
  channel.answer(first.id, { stream: 0 });
  channel.say({ jsonrpc: "2.0", method: "rpc.end", params: { stream: 0 } });
  expect(await opening[0]).toEqual(DONE);
  // One whose opening fails gives its place back, too; and so does one that is returned.
  channel.fail(second.id, { code: -32000, message: "no" });
  await rejection(opening[1] as Promise<unknown>);
  for (let round = 0; round < 3; round++) {
    const pair = [list(4)[Symbol.asyncIterator](), list(5)[Symbol.asyncIterator]()];
    const waiting = pair.map((stream) => stream.next());
    const asked = channel.take().filter(({ method }) => method === "kv.list");
    expect(asked).toHaveLength(2);
    for (const { id } of asked) channel.answer(id, { stream: id });
    await settled();
    await Promise.all(pair.map((stream) => stream.return?.()));
    await Promise.all(waiting);
  }
  expect([connection.peer.open, connection.peer.openStreams]).toEqual([true, 0]);
});

test("a stream whose opening is given up, or answered with none, leaves its place", async () => {
  const { connection, channel } = scripted({ provided, limits: { maxOpenStreams: 1 } });
  const { list } = connection.dispense(kv);
  const controller = new AbortController();
  const given = rejection(list(1, { signal: controller.signal })[Symbol.asyncIterator]().next());
  controller.abort(new Error("enough"));
  expect((await given).message).toBe("enough");
  channel.take();
  const bad = rejection(list(2)[Symbol.asyncIterator]().next());
  channel.answer(channel.take()[0].id, "no stream");
  expect(await bad).toMatchObject({ code: "PROTOCOL_VIOLATION" });
  void list(3)
    [Symbol.asyncIterator]()
    .next()
    .catch(() => {});
  expect(channel.take()).toHaveLength(1);
});

test("a provider answers BUSY to a stream beyond its maxOpenStreams, runs nothing for it, and serves the next", async () => {
  let ran = 0;
  let closed = 0;
  const source = async function* (): AsyncGenerator<number> {
    try {
      yield* endless();
    } finally {
      closed++;
    }
  };
  const list = (): AsyncGenerator<number> => {
    ran++;
    return source();
  };
  const { host } = peerPair({ provides: [implement(kv, { list, put: () => "put" })], pluginLimits: { maxOpenStreams: 1 } });
  const remote = host.dispense(kv);
  const first = remote.list(1)[Symbol.asyncIterator]();
  expect(await first.next()).toEqual({ done: false, value: 0 });
  const error = await rejection(remote.list(2)[Symbol.asyncIterator]().next());
  expect(error).toMatchObject({ code: "BUSY" });
  expect(error.message).toContain('Cannot run "kv.list": 1 streams to the host are open already (limits.maxOpenStreams)');
  expect([ran, await remote.put(1)]).toEqual([1, "put"]);
  await first.return?.();
  expect(await remote.list(3)[Symbol.asyncIterator]().next()).toEqual({ done: false, value: 0 });
  expect([ran, closed]).toEqual([2, 1]);
  await host.close();
});

test("streams whose handlers run at once are BUSY, too, where there is no place left when they are done, and are closed", async () => {
  const closed: unknown[] = [];
  const list = (name: unknown): AsyncIterable<unknown> => {
    const items = endless();
    const close = (): Promise<any> => {
      closed.push(name);
      return items.return(undefined);
    };
    return { [Symbol.asyncIterator]: () => ({ next: () => items.next(), return: close }) };
  };
  const { host, plugin } = peerPair({ provides: [implement(kv, { list, put: () => "put" })], pluginLimits: { maxOpenStreams: 1 } });
  const remote = host.dispense(kv);
  const both = [1, 2].map((n) => remote.list(n)[Symbol.asyncIterator]());
  const [first, second] = await Promise.allSettled(both.map((items) => items.next()));
  expect([first, closed]).toEqual([{ status: "fulfilled", value: { done: false, value: 0 } }, [2]]);
  expect((second as PromiseRejectedResult).reason).toMatchObject({ code: "BUSY" });
  expect([plugin.peer.running, plugin.peer.openStreams]).toEqual([1, 1]);
  await host.close();
});

test("an input that lends more streams than maxOpenStreams is BUSY, nothing of it is sent, and all it lent is closed", async () => {
  const { connection, channel, clock } = scripted({ provided, limits: { maxOpenStreams: 2 } });
  const call = outcome(connection.call("kv.put", [endless(), endless(), endless()]));
  await settled();
  expect([call.state, connection.peer.pending, connection.peer.openStreams]).toEqual(["pending", 0, 0]);
  expect(channel.take().filter(({ method }) => method !== "rpc.end")).toEqual([]);
  clock.runSoon();
  await settled();
  expect(call.value).toMatchObject({
    code: "BUSY",
    message: 'Cannot call "kv.put": 2 streams to plugin "kv" are open already (limits.maxOpenStreams)',
  });
  const fine = connection.call("kv.put", [endless(), endless()]);
  const [request] = channel.take();
  expect(request.method).toBe("kv.put");
  channel.answer(request.id, "taken");
  expect([await fine, connection.peer.openStreams]).toEqual(["taken", 0]);
});

test("an input that lends more functions than maxLentFunctions is BUSY, and those of others can be called on", async () => {
  const { connection, channel, clock } = scripted({ provided, limits: { maxLentFunctions: 2 } });
  const first = connection.call("kv.put", () => "called");
  const call = outcome(connection.call("kv.put", { a: () => 1, b: () => 2 }));
  clock.runSoon();
  await settled();
  expect(call.value).toMatchObject({
    code: "BUSY",
    message: 'Cannot call "kv.put": 2 functions are lent to plugin "kv" already (limits.maxLentFunctions)',
  });
  const [request] = channel.take();
  channel.say({ jsonrpc: "2.0", id: 0, method: "rpc.invoke", params: { function: request.refs["/0"].function, args: [] } });
  expect(channel.take()).toMatchObject([{ id: 0, result: "called" }]);
  channel.answer(request.id, null);
  await first;
  expect([connection.peer.lentFunctions, connection.peer.pending]).toEqual([0, 0]);
});

test("a call that brings more streams than maxOpenStreams is answered BUSY, and its place is free when the call is over", async () => {
  const { host, plugin } = peerPair({
    provides: [implement(kv, { list: endless, put: (input: any) => (input.wait ? new Promise(() => {}) : "fine") })],
    pluginLimits: { maxOpenStreams: 2 },
  });
  const { put } = host.dispense(kv);
  const controller = new AbortController();
  const empty = async function* (): AsyncGenerator<number> {};
  // It has ended at once, and holds its place until the call is over: the handler may yet read it.
  const waiting = rejection(put({ wait: true, items: empty() }, { signal: controller.signal }));
  const error = await rejection(put({ a: endless(), b: endless() }));
  expect(error).toMatchObject({ code: "BUSY" });
  expect(error.message).toContain('Cannot run "kv.put": 2 streams from the host are open already (limits.maxOpenStreams)');
  expect(await put({ a: endless() })).toBe("fine");
  controller.abort(new Error("enough"));
  await waiting;
  expect(await put({ a: endless(), b: endless() })).toBe("fine");
  expect([plugin.peer.open, plugin.peer.openStreams, plugin.peer.running]).toEqual([true, 0, 0]);
  await host.close();
});

test("a call that brings more functions than maxLentFunctions is answered BUSY, and those of other calls work on", async () => {
  const { host, plugin } = peerPair({
    provides: [implement(kv, { list: endless, put: async (input: any) => input.wait?.() ?? "fine" })],
    pluginLimits: { maxLentFunctions: 1 },
  });
  const { put } = host.dispense(kv);
  let release!: (value: string) => void;
  const begun = new Promise<void>((began) => {
    const wait = (): Promise<string> => {
      began();
      return new Promise((resolve) => {
        release = resolve;
      });
    };
    void put({ wait }).then((answer) => answers.push(answer));
  });
  const answers: unknown[] = [];
  await begun;
  const error = await rejection(put({ done: () => {} }));
  expect(error).toMatchObject({ code: "BUSY" });
  expect(error.message).toContain('Cannot run "kv.put": 1 functions are borrowed from the host already (limits.maxLentFunctions)');
  release("waited");
  // The place is free again.
  while (answers.length === 0) await settled();
  expect([answers, await put({ done: () => {} })]).toEqual([["waited"], "fine"]);
  expect([plugin.peer.open, plugin.peer.running]).toEqual([true, 0]);
  await host.close();
});

test("[F71] a stream whose source never settles leaves its place when its reader goes, and its handler's signal aborts", async () => {
  const aborted: unknown[] = [];
  const list = async function* (name: unknown, { signal }: { signal: AbortSignal }): AsyncGenerator<unknown> {
    signal.addEventListener("abort", () => aborted.push(name));
    yield name;
    await new Promise(() => {});
  };
  const pluginLimits = { maxRunningCalls: 1, maxOpenStreams: 1 };
  const { host, plugin, clock } = peerPair({ provides: [implement(kv, { list, put: () => "put" })], pluginLimits });
  const remote = host.dispense(kv);
  for (const name of [1, 2, 3]) {
    const items = remote.list(name)[Symbol.asyncIterator]();
    expect(await items.next()).toEqual({ done: false, value: name });
    expect(await rejection(remote.put(1))).toMatchObject({ code: "BUSY" });
    void items.next();
    await items.return?.();
  }
  expect([aborted, await remote.put(1), plugin.peer.openStreams]).toEqual([[1, 2, 3], "put", 0]);
  // A drain waits for sources that are being closed, and no longer than its grace.
  let drained = false;
  const draining = plugin.peer.drain(1_000).then(() => (drained = true));
  await settled();
  expect([aborted, drained]).toEqual([[1, 2, 3], false]);
  clock.advance(1_000);
  await draining;
  await host.close();
});

test("[F71] a stream whose handler never gives a source is answered when its caller's time is over, and its place is free", async () => {
  const list = (() => new Promise(() => {})) as never;
  const { host, plugin, clock } = peerPair({ provides: [implement(kv, { list, put: () => "put" })], pluginLimits: { maxRunningCalls: 1 } });
  const remote = host.dispense(kv);
  for (const name of [1, 2, 3]) {
    const late = rejection(remote.list(name, { timeoutMs: 100 })[Symbol.asyncIterator]().next());
    expect(await rejection(remote.put(1))).toMatchObject({ code: "BUSY" });
    clock.advance(100);
    clock.runSoon();
    expect(await late).toMatchObject({ code: "CALL_TIMEOUT" });
  }
  expect([await remote.put(1), plugin.peer.running, plugin.peer.counters.errors]).toEqual(["put", 0, 6]);
  await host.close();
});

test("[F78] when the caller of a stream goes, its handler is cancelled, its source is closed, and what it lent is let go", async () => {
  const seen: unknown[] = [];
  const list = async function* (input: any, { signal }: { signal: AbortSignal }): AsyncGenerator<unknown> {
    signal.addEventListener("abort", () => seen.push((signal.reason as { code?: string }).code));
    try {
      for await (const item of input.items) yield await input.back(item);
    } finally {
      seen.push("closed");
    }
  };
  const { host, plugin } = peerPair({ provides: [implement(kv, { list, put: () => "put" })] });
  const lent = endless();
  const items = host
    .dispense(kv)
    .list({ items: lent, back: (item: unknown) => item })
    [Symbol.asyncIterator]();
  expect(await items.next()).toEqual({ done: false, value: 0 });
  const drain = async (): Promise<void> => {
    for (;;) await items.next();
  };
  const rest = rejection(drain());
  await host.close();
  expect(await rest).toMatchObject({ code: "CONNECTION_CLOSED" });
  await plugin.closed;
  while (seen.length < 2) await settled();
  expect(seen.sort()).toEqual(["CONNECTION_LOST", "closed"]);
  expect(await lent.next()).toEqual(DONE);
  for (const { peer } of [host, plugin]) expect([peer.openStreams, peer.lentFunctions, peer.running, peer.pending]).toEqual([0, 0, 0, 0]);
});
