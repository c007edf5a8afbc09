import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { defineContract, implement, method, notification } from "../../../src/index.js";
import { detached } from "../../kit/detached.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";
import { scripted } from "../../kit/script-channel.js";

const kv = defineContract("kv", { get: method<number, unknown>(), set: method<unknown, unknown>(), note: notification<unknown>() });
const nested = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`);
const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;
const throwing = (error: unknown) => ({
  toJSON() {
    throw error;
  },
});
const getting = (error: unknown) => ({
  get x() {
    throw error;
  },
});

const LENT = "and only the input of a method or a stream may carry those";
class Query {
  // biome-ignore lint/suspicious/noThenProperty: it is what a query builder has.
  then(resolve: (value: number) => void): void {
    resolve(1);
  }
}
const UNSENDABLE: [string, unknown, RegExp, PropertyKey[]?][] = [
  ["a cycle", cycle, /^what is at "\/self" is part of a cycle, which JSON cannot carry$/, ["self"]],
  ["a BigInt", { n: 5n }, /^what is at "\/n" is a BigInt, which JSON cannot carry$/, ["n"]],
  ["a BigInt as an object", [{ n: Object(5n) }], /^what is at "\/0\/n" is a BigInt, which JSON cannot carry$/, [0, "n"]],
  [
    "a getter that throws",
    { "a/b": [getting(new Error("not me"))] },
    /^what is at "\/a~1b\/0\/x" has a getter that throws: not me$/,
    ["a/b", 0, "x"],
  ],
  ["a getter that throws null", getting(null), /^what is at "\/x" has a getter that throws: null$/, ["x"]],
  ["a getter that throws undefined", getting(undefined), /^what is at "\/x" has a getter that throws: undefined$/, ["x"]],
  ["a toJSON that throws", throwing(new Error("not me")), /^it has a toJSON that throws: not me$/],
  ["a toJSON that throws null", throwing(null), /^it has a toJSON that throws: null$/],
  ["a toJSON that throws a string", { deep: [throwing("text")] }, /^what is at "\/deep\/0" has a toJSON that throws: text$/, ["deep", 0]],
  ["a symbol", Symbol("s"), /^it is a symbol, which JSON cannot carry$/],
  ["a symbol in a list", [Symbol("s")], /^what is at "\/0" is a symbol, which JSON cannot carry$/, [0]],
  ["NaN", Number.NaN, /^it is NaN, which JSON cannot carry$/],
  ["Infinity in an object", { a: [1, Number.NEGATIVE_INFINITY] }, /^what is at "\/a\/1" is -Infinity, which JSON cannot carry$/, ["a", 1]],
  ["a boxed NaN", { a: Object(Number.NaN) }, /^what is at "\/a" is NaN, which JSON cannot carry$/, ["a"]],
  ["a forgotten promise", { a: Promise.resolve(1) }, /^what is at "\/a" is a promise, which was not awaited$/, ["a"]],
  ["a query that nobody awaited", { a: new Query() }, /^what is at "\/a" is a promise, which was not awaited$/, ["a"]],
  ["a Map", { a: new Map() }, /^what is at "\/a" is a Map, which JSON cannot carry: send the list of its entries$/, ["a"]],
  ["a Set", new Set([1]), /^it is a Set, which JSON cannot carry: send the list of its values$/],
  [
    "an Error",
    [Object.assign(new RangeError("x"), { code: "E" })],
    /^what is at "\/0" is an Error, which JSON cannot carry: throw it, or send its message$/,
    [0],
  ],
  ["a RegExp", /x/, /^it is a RegExp, of which JSON carries nothing$/],
  ["search parameters", new URLSearchParams("a=1"), /^it is an? URLSearchParams, of which JSON carries nothing$/],
  ["a WeakMap", new WeakMap(), /^it is a WeakMap, of which JSON carries nothing$/],
  ["a generator", (function* () {})(), /^it is a Generator, of which JSON carries nothing$/],
  ["a Date of no time", { at: new Date(Number.NaN) }, /^what is at "\/at" is a Date of no time, which JSON cannot carry$/, ["at"]],
  [
    "a typed array",
    { a: Float64Array.of(1) },
    /^what is at "\/a" is a Float64Array, which JSON cannot carry: send a Uint8Array of its bytes$/,
    ["a"],
  ],
  ["an ArrayBuffer", new ArrayBuffer(2), /^it is an ArrayBuffer, which JSON cannot carry: send a Uint8Array of it$/],
  ["a DataView", new DataView(new ArrayBuffer(2)), /^it is a DataView, of which JSON carries nothing$/],
  ["a Map of another realm", runInNewContext("new Map([[1, 2]])"), /^it is a Map, which JSON cannot carry: send the list of its entries$/],
  ["what a toJSON gives", { toJSON: () => ({ n: Number.NaN }) }, /^what is at "\/n" is NaN, which JSON cannot carry$/, ["n"]],
  [
    "bytes whose memory was transferred",
    { a: detached() },
    /^what is at "\/a" is bytes without memory: that was transferred, or shrunk$/,
    ["a"],
  ],
];

const NOT_LENT: typeof UNSENDABLE = [
  ["a function", () => {}, new RegExp(`^it is a function, ${LENT}$`)],
  ["holding a function", { a: { "b/c~": () => {} } }, new RegExp(`^what is at "/a/b~1c~0" is a function, ${LENT}$`), ["a", "b/c~"]],
  ["an async iterable", [(async function* () {})()], new RegExp(`^what is at "/0" is an async iterable, ${LENT}$`), [0]],
];

test.each([...UNSENDABLE, ...NOT_LENT])(
  "[F57] a result that is %s is answered INVALID_OUTPUT, and the plugin lives",
  async (_what, value, problem, path) => {
    const { host, logger } = peerPair({
      provides: [implement(kv, { get: (n) => (n === 0 ? value : n === 1 ? Promise.resolve(value) : n), set: () => {}, note: () => {} })],
    });
    const { get } = host.dispense(kv);
    for (const n of [0, 1]) {
      const error = await rejection(get(n));
      expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_OUTPUT" });
      const [, found = ""] = /^Cannot answer "kv\.get": its result cannot be sent \((.*)\)$/.exec(error.message) ?? [];
      expect(found).toMatch(problem);
      expect(error["issues"]).toEqual([{ message: `its result cannot be sent (${found})`, ...(path && { path }) }]);
    }
    expect(logger.records.map(({ message }) => message)).toEqual(Array(2).fill(expect.stringContaining("its result cannot be sent")));
    expect(await get(2)).toBe(2);
    await host.close();
  },
);

test.each(UNSENDABLE)(
  "[F57] an input that is %s is refused INVALID_INPUT, nothing is sent, and the connection lives",
  async (_what, value, problem, path) => {
    const { connection, channel } = scripted();
    for (const send of [() => connection.call("kv.set", value), () => connection.peer.notify("kv.note", value)]) {
      const error = await rejection(send());
      expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_INPUT" });
      const [, found = ""] = /^Cannot call "kv\.\w+": its input cannot be sent \((.*)\)$/.exec(error.message) ?? [];
      expect(found).toMatch(problem);
      expect(error["issues"]).toEqual([{ message: found, ...(path && { path }) }]);
    }
    expect([channel.take(), connection.peer.pending]).toEqual([[], 0]);
    const call = connection.call("kv.set", 1);
    channel.answer(channel.take()[0].id, "still here");
    expect(await call).toBe("still here");
  },
);

test.each(NOT_LENT)(
  "[F57] a notification's input that is %s is refused INVALID_INPUT: it has no end to lend until",
  async (_what, value, problem) => {
    const { connection, channel } = scripted();
    const error = await rejection(connection.peer.notify("kv.note", value));
    expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_INPUT" });
    const [, found = ""] = /^Cannot call "kv\.note": its input cannot be sent \((.*)\)$/.exec(error.message) ?? [];
    expect(found).toMatch(problem);
    expect([channel.take(), connection.peer.openStreams, connection.peer.lentFunctions]).toEqual([[], 0, 0]);
  },
);

test("[F57] a result of nothing is null, members that are undefined are left out, and -0 is 0", async () => {
  const results: unknown[] = [undefined, null, { a: undefined, b: 1 }, [undefined], -0];
  const { host } = peerPair({ provides: [implement(kv, { get: (n) => results[n], set: () => {}, note: () => {} })] });
  const { get } = host.dispense(kv);
  expect(await Promise.all(results.map((_, n) => get(n)))).toEqual([null, null, { b: 1 }, [null], 0]);
  await host.close();
});

test("[F53] an input nested to the limit arrives, and one level more is refused where it was made", async () => {
  const { host, plugin } = peerPair({ provides: [implement(kv, { get: () => {}, set: (value) => value, note: () => {} })] });
  const { set } = host.dispense(kv);
  // The envelope is one level, and the input of a message may be nested 64 levels with it.
  expect(await set(nested(63))).toEqual(nested(63));
  expect(await rejection(set(nested(64)))).toMatchObject({
    code: "INVALID_INPUT",
    message: 'Cannot call "kv.set": its input cannot be sent (it is nested deeper than 64 levels)',
  });
  expect(await set([[1]])).toEqual([[1]]);
  expect([host.peer.open, plugin.peer.open]).toEqual([true, true]);
  await host.close();
});

test("[F53] a result nested deeper than the limit is answered INVALID_OUTPUT", async () => {
  const { host } = peerPair({ provides: [implement(kv, { get: (n) => nested(n), set: () => {}, note: () => {} })] });
  const { get } = host.dispense(kv);
  expect(await get(63)).toEqual(nested(63));
  expect(await rejection(get(64))).toMatchObject({
    code: "INVALID_OUTPUT",
    message: 'Cannot answer "kv.get": its result is nested deeper than 64 levels',
  });
  await host.close();
});

test("an input longer than a message may be is refused LIMIT_EXCEEDED, and a result is answered so", async () => {
  const limits = { maxMessageBytes: 2_000 };
  const { host, logger } = peerPair({
    provides: [implement(kv, { get: (n) => "ü".repeat(n), set: (value) => value, note: () => {} })],
    hostLimits: limits,
    pluginLimits: limits,
  });
  const { get, set } = host.dispense(kv);
  expect(await rejection(set("ü".repeat(1_000)))).toMatchObject({
    name: "PluginError",
    code: "LIMIT_EXCEEDED",
    message: 'Cannot call "kv.set": its input is longer than 2000 bytes',
  });
  expect(await rejection(get(1_000))).toMatchObject({
    code: "LIMIT_EXCEEDED",
    message:
      'Cannot call "kv.get": plugin "kv" found something too large\n  it answered: Cannot answer "kv.get": its result is longer than 2000 bytes',
  });
  expect(logger.text).toBe('Cannot answer "kv.get": its result is longer than 2000 bytes');
  expect([await get(900), await set("ü".repeat(900))]).toEqual(["ü".repeat(900), "ü".repeat(900)]);
  expect(host.peer.pending).toBe(0);
  await host.close();
});

test("[F52] an input with members like __proto__ reaches the handler as own data", async () => {
  const seen: object[] = [];
  const { host } = peerPair({
    provides: [implement(kv, { get: () => {}, set: (value) => void seen.push(value as object), note: () => {} })],
  });
  await host.dispense(kv).set(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'));
  expect(Object.keys(seen[0] ?? {})).toEqual(["__proto__", "constructor"]);
  expect([Object.getPrototypeOf(seen[0]), ({} as { polluted?: number }).polluted]).toEqual([Object.prototype, undefined]);
  await host.close();
});
