import { expect, test } from "vitest";
import { defineContract, implement, method, notification } from "../../src/index.js";
import { cpuMs } from "../kit/cpu-time.js";
import { recordsOf } from "../kit/options.js";
import { scripted, settled } from "../kit/script-channel.js";

const kv = defineContract("kv", { set: method<unknown, unknown>(), hold: method<unknown, unknown>(), note: notification<unknown>() });

function provider() {
  const seen: unknown[] = [];
  const set = (value: unknown): void => void seen.push(value);
  const side = scripted();
  const implementation = implement(kv, { set, hold: () => new Promise(() => {}), note: set });
  side.connection.provide(recordsOf([implementation]));
  const { peer } = side.connection;
  return { ...side, seen, peer, left: () => [peer.openStreams, peer.lentFunctions, peer.running] };
}

const NO_PLACE = (pointer: string): string => `its ref at ${JSON.stringify(pointer)} names no place that holds null`;
const NO_FORM = (pointer: string): string => `its ref at ${JSON.stringify(pointer)} is of no known form`;
const HOSTILE: [string, unknown, unknown, string][] = [
  ["that point to nothing", { a: null }, { "/b": { function: 0 } }, NO_PLACE("/b")],
  ["that point to what is not null", { a: 0 }, { "/a": { function: 0 } }, NO_PLACE("/a")],
  ["that point into a text", { a: "text" }, { "/a/0": { function: 0 } }, NO_PLACE("/a/0")],
  ["that point below null", { a: null }, { "/a/b": { function: 0 } }, NO_PLACE("/a/b")],
  ["that point into a prototype", {}, { "/__proto__/x": { function: 0 } }, NO_PLACE("/__proto__/x")],
  ["that name a prototype", {}, { "/__proto__": { function: 0 } }, NO_PLACE("/__proto__")],
  ["that name an inherited member", {}, { "/constructor": { function: 0 } }, NO_PLACE("/constructor")],
  ["that name the length of an array", [[null]], { "/0/length": { function: 0 } }, NO_PLACE("/0/length")],
  ["that name an entry oddly", [[null]], { "/0/00": { function: 0 } }, NO_PLACE("/0/00")],
  ["that name an entry beyond an array", [[null]], { "/0/1": { function: 0 } }, NO_PLACE("/0/1")],
  ["without their slash", { a: null }, { a: { function: 0 } }, NO_PLACE("a")],
  ["that name the params themselves", { a: null }, { "": { function: 0 } }, NO_PLACE("")],
  ["twice to one place", { "a/b": null }, { "/a~1b": { function: 0 }, "/a~1b/x": { function: 1 } }, NO_PLACE("/a~1b/x")],
  ["into what another has put there", { a: null }, { "/a": { bytes: "AAAA" }, "/a/0": { function: 0 } }, NO_PLACE("/a/0")],
  ["with control characters", {}, { "/\n\u001b[31m": { function: 0 } }, NO_PLACE("/\n\u001b[31m")],
  ["of no known form", { a: null }, { "/a": { socket: 1 } }, NO_FORM("/a")],
  ["that are null", { a: null }, { "/a": null }, NO_FORM("/a")],
  ["that are numbers", { a: null }, { "/a": 5 }, NO_FORM("/a")],
  ["with a function of no number", { a: null }, { "/a": { function: "0" } }, NO_FORM("/a")],
  ["with a stream of no number", { a: null }, { "/a": { stream: -1 } }, NO_FORM("/a")],
  ["with one stream twice", { a: null, b: null }, { "/a": { stream: 1 }, "/b": { stream: 1 } }, NO_FORM("/b")],
  ["with bytes that are no base64", { a: null }, { "/a": { bytes: "A*==" } }, NO_FORM("/a")],
  ["with bytes of half a base64", { a: null }, { "/a": { bytes: "AAA" } }, NO_FORM("/a")],
  ["with bytes that are padding alone", { a: null }, { "/a": { bytes: "====" } }, NO_FORM("/a")],
  ["with raw bytes where there are none", { a: null }, { "/a": { bytes: [0, 0] } }, NO_FORM("/a")],
  ["that are a list", { a: null }, [], "its refs are no object"],
  ["that are null altogether", { a: null }, null, "its refs are no object"],
];

test.each(HOSTILE)("[F52, F144] refs %s close the connection, run nothing and leave nothing", async (_what, params, refs, problem) => {
  const { channel, peer, seen, left, logger } = provider();
  channel.say({ jsonrpc: "2.0", id: 0, method: "kv.set", params, refs });
  expect(await peer.closed).toMatchObject({ kind: "lost", error: { code: "PROTOCOL_VIOLATION" } });
  expect(channel.take().at(-1)).toEqual({
    jsonrpc: "2.0",
    id: null,
    error: { code: -32600, message: `Cannot take the line as a message: ${problem}` },
  });
  expect(logger.text).toBe(`Closed the connection to plugin "kv": it sent a line that is no message: ${problem}`);
  expect([seen, left(), ({} as { x?: unknown }).x]).toEqual([[], [0, 0, 0], undefined]);
});

test("a pointer as long as a message costs no more than its first step", () => {
  const { channel, peer } = provider();
  const refs = { ["/".repeat(5_000_000)]: { function: 0 } };
  const begun = cpuMs();
  channel.say(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "kv.set", params: {}, refs }));
  expect([peer.open, cpuMs() - begun < 2_000]).toEqual([false, true]);
});

test.each([
  ["a notification", { method: "kv.note", params: { a: null }, refs: { "/a": { function: 0 } } }],
  ["the protocol's own request", { id: 0, method: "rpc.ping", params: { a: null }, refs: { "/a": { stream: 0 } } }],
  ["a stream's items", { method: "rpc.item", params: { stream: 0, items: [null] }, refs: { "/items/0": { stream: 1 } } }],
])("%s lends nothing: it has no end, and closes the connection", (_what, message) => {
  const { channel, peer, left } = provider();
  channel.say({ jsonrpc: "2.0", ...message });
  expect([peer.open, left()]).toEqual([false, [0, 0, 0]]);
});

test("a result lends nothing", async () => {
  const { connection, channel } = scripted();
  const call = connection.call("kv.set", 1).catch((error: unknown) => error);
  channel.say({ jsonrpc: "2.0", id: 0, result: null, refs: { "": { function: 0 } } });
  expect([connection.peer.open, await call]).toMatchObject([false, { code: "CONNECTION_LOST" }]);
});

test("what is lent with a call that cannot run goes back at once", async () => {
  const { channel, peer, left } = provider();
  const params = { a: null, b: null };
  const refs = { "/a": { stream: 1 }, "/b": { function: 0 } };
  channel.say({ jsonrpc: "2.0", id: 0, method: "kv.unknown", params, refs });
  channel.say({ jsonrpc: "2.0", id: 1, method: "no such name", params, refs });
  const texts = channel.take();
  expect(texts.filter(({ method }) => method === "rpc.cancel").map(({ params: sent }) => sent)).toEqual([{ stream: 1 }, { stream: 1 }]);
  expect(texts.filter(({ error }) => error).map(({ id, error }) => [id, error.code])).toEqual([
    [0, -32601],
    [1, -32600],
  ]);
  expect([peer.open, left()]).toEqual([true, [0, 0, 0]]);
});

test("a stream that is lent twice while it is read closes the connection, and both ends go", async () => {
  const { channel, peer, left } = provider();
  channel.say({ jsonrpc: "2.0", id: 0, method: "kv.hold", params: [null], refs: { "/0": { stream: 1 } } });
  expect(left()).toEqual([1, 0, 1]);
  channel.say({ jsonrpc: "2.0", id: 1, method: "kv.hold", params: [null], refs: { "/0": { stream: 1 } } });
  await settled();
  expect([peer.open, left()]).toEqual([false, [0, 0, 0]]);
});

test.each([
  ["a function that was never lent", { function: 5, args: [] }],
  ["that, and arguments that are no list", { function: 0, args: {} }],
  ["no params", undefined],
])("rpc.invoke with %s is answered -32601, and what its arguments lent goes back", (_what, params) => {
  const { channel, peer, left } = provider();
  channel.say({ jsonrpc: "2.0", id: 0, method: "rpc.invoke", params });
  const lending = { function: 5, args: [null] };
  channel.say({ jsonrpc: "2.0", id: 1, method: "rpc.invoke", params: lending, refs: { "/args/0": { stream: 3 } } });
  const codes = channel.take().flatMap(({ error }) => (error === undefined ? [] : [error.code]));
  expect([codes, peer.open, left()]).toEqual([[-32601, -32601], true, [0, 0, 0]]);
});
