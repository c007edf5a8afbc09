import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../src/index.js";
import { recordsOf } from "../kit/options.js";
import { outcome, scripted, settled } from "../kit/script-channel.js";

const kv = defineContract("kv", { wait: method<unknown, unknown>(), count: stream<void, number>() });
const source = defineContract("source", { read: stream<void, unknown>(), use: method<{ on: (n: number) => unknown }, unknown>() });
const provided = [{ name: "source", members: { read: { kind: "stream" as const }, use: { kind: "method" as const } } }];

/** Both sides of it: something runs here, and something is read and lent here. */
function scene() {
  const side = scripted({ provided });
  const closed: string[] = [];
  const implementation = implement(kv, {
    wait: () => new Promise(() => {}),
    async *count() {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        closed.push("count");
      }
    },
  });
  side.connection.provide(recordsOf([implementation]));
  const { channel } = side;
  return {
    ...side,
    closed,
    peer: side.connection.peer,
    remote: side.connection.dispense(source),
    ask: (id: number, name: string, params?: unknown) => channel.say({ jsonrpc: "2.0", id, method: name, params }),
    note: (name: string, params?: unknown) => channel.say({ jsonrpc: "2.0", method: name, params }),
  };
}
/** Lets a producer that rests go on. */
async function turns(clock: { runSoon(): void }): Promise<void> {
  await settled();
  clock.runSoon();
  await settled();
}

test("rpc.cancel is taken in an array of one, for a call and for a stream", async () => {
  const { channel, clock, closed, ask, note } = scene();
  ask(2, "kv.wait");
  note("rpc.cancel", [{ id: 2 }]);
  expect(channel.take()).toMatchObject([{ id: 2, error: { code: -32800 } }]);
  ask(3, "kv.count");
  await turns(clock);
  expect(channel.take()[0]).toMatchObject({ id: 3, result: { stream: 0 } });
  note("rpc.cancel", [{ stream: 0 }]);
  expect(channel.take().at(-1)).toMatchObject({ method: "rpc.end", params: { stream: 0 } });
  await turns(clock);
  expect(closed).toEqual(["count"]);
});

test("rpc.credit is taken in an array of one", async () => {
  const { channel, clock, ask, note } = scene();
  ask(2, "kv.count");
  await turns(clock);
  const countOf = (messages: any[]): number => messages.flatMap(({ params }) => params?.items ?? []).length;
  expect(countOf(channel.take())).toBe(256);
  note("rpc.credit", [{ stream: 0, items: 5, bytes: 1_000 }]);
  await turns(clock);
  expect(countOf(channel.take())).toBe(5);
});

test("rpc.item and rpc.end are taken in an array of one, with refs too", async () => {
  const { channel, remote, note } = scene();
  const items = remote.read()[Symbol.asyncIterator]();
  const first = items.next();
  channel.answer(channel.take()[0].id, { stream: 7 });
  note("rpc.item", [{ stream: 7, items: ["a"] }]);
  channel.say({ jsonrpc: "2.0", method: "rpc.item", params: [{ stream: 7, items: [null] }], refs: { "/0/items/0": { bytes: "AQI=" } } });
  note("rpc.end", [{ stream: 7 }]);
  expect(await first).toEqual({ done: false, value: "a" });
  expect((await items.next()).value).toEqual(Uint8Array.of(1, 2));
  expect(await items.next()).toEqual({ done: true, value: undefined });
});

test("rpc.log is taken in an array of one", () => {
  const { logger, note } = scene();
  note("rpc.log", [{ level: "warn", message: "low" }]);
  expect(logger.records).toEqual([{ level: "warn", message: "low", fields: {} }]);
});

test("rpc.invoke is taken in an array of one, with refs too", async () => {
  const { channel, remote, ask } = scene();
  const seen: unknown[] = [];
  const call = outcome(remote.use({ on: (value) => void seen.push(value) }));
  ask(2, "rpc.invoke", [{ function: 0, args: [5] }]);
  const refs = { "/0/args/0": { bytes: "AQI=" } };
  channel.say({ jsonrpc: "2.0", id: 3, method: "rpc.invoke", params: [{ function: 0, args: [null] }], refs });
  expect(seen).toEqual([5, Uint8Array.of(1, 2)]);
  expect(channel.take().slice(1)).toMatchObject([
    { id: 2, result: null },
    { id: 3, result: null },
  ]);
  expect(call.state).toBe("pending");
});

test.each([{ args: {} }, {}, { args: null }, { args: "x" }])(
  "rpc.invoke of a lent function whose arguments are no list is answered -32602, and so said: %j",
  (rest) => {
    const { channel, peer, remote, ask } = scene();
    let count = 0;
    remote.use({ on: () => count++ }).catch(() => {});
    channel.take();
    ask(2, "rpc.invoke", { function: 0, ...rest });
    const message = 'Cannot call that function: its "args" are no list';
    expect(channel.take()).toEqual([{ jsonrpc: "2.0", id: 2, error: { code: -32602, message, data: { issues: [{ message }] } } }]);
    expect([count, peer.open, peer.running]).toEqual([0, true, 0]);
  },
);

test.each(["rpc.ping", "rpc.cancel", "rpc.log", "rpc.end", "rpc.credit", "rpc.invoke"])(
  "a request for %s with an array of more is answered -32602, and the connection lives",
  (name) => {
    const { channel, peer, ask } = scene();
    ask(2, name, [1, 2, 3]);
    const message = `Cannot run "${name}": it takes one value, and params holds 3`;
    expect(channel.take()).toEqual([{ jsonrpc: "2.0", id: 2, error: { code: -32602, message, data: { issues: [{ message }] } } }]);
    expect(peer.open).toBe(true);
  },
);

test("a notification of the protocol's own with an array of more does nothing, but for items: those close", async () => {
  const { channel, peer, logger, ask, note } = scene();
  ask(2, "kv.wait");
  note("rpc.cancel", [{ id: 2 }, 0]);
  note("rpc.log", [{ level: "info", message: "x" }, 0]);
  expect([channel.take(), peer.running, peer.open, logger.records]).toEqual([[], 1, true, []]);
  note("rpc.item", [{ stream: 0, items: [] }, 0]);
  expect(await peer.closed).toMatchObject({ kind: "lost", error: { code: "PROTOCOL_VIOLATION" } });
});

test("an empty array is no input to the protocol's own methods", () => {
  const { channel, ask } = scene();
  ask(2, "rpc.ping", []);
  ask(3, "rpc.cancel", []);
  expect(channel.take()).toMatchObject([
    { id: 2, result: "pong" },
    { id: 3, result: null },
  ]);
});
