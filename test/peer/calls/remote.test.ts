import { inspect } from "node:util";
import { expect, test } from "vitest";
import { defineContract, method, notification, stream } from "../../../src/index.js";
import { readProvided } from "../../../src/peer/provided.js";
import { scripted } from "../../kit/script-channel.js";

const kv = defineContract("kv", { get: method<string, string>(), note: notification<string>() });
const offer = { name: "kv", members: { get: { kind: "method" }, note: { kind: "notification" } } } as const;

test("[O19] a remote is a plain frozen object of the contract's functions: await takes it for no promise, and it can be taken apart", async () => {
  const { connection, channel } = scripted({ provided: [offer] });
  const remote = connection.dispense(kv);
  expect(await remote).toBe(remote);
  expect("then" in remote).toBe(false);
  expect([Object.keys(remote), Object.isFrozen(remote), Object.getPrototypeOf(remote)]).toEqual([["get", "note"], true, Object.prototype]);
  expect(inspect(remote)).toMatch(/^{ get: \[Function.*\], note: \[Function.*\] }$/);
  const { get } = remote;
  const answer = get("a");
  const [{ id, method: name, params }] = channel.take();
  expect([name, params]).toEqual(["kv.get", ["a"]]);
  channel.answer(id, "b");
  expect(await answer).toBe("b");
});

test.each([
  [[], 'plugin "kv" does not provide it; it provides nothing'],
  [
    [
      { name: "other", members: {} },
      { name: "more", members: {} },
    ],
    'plugin "kv" does not provide it; it provides "other", "more"',
  ],
  [[{ name: "kv", members: { note: { kind: "notification" } } }], 'plugin "kv" provides that contract without its method "get"'],
  [[{ name: "kv", members: { get: { kind: "method" } } }], 'plugin "kv" provides that contract without its notification "note"'],
  [
    [{ name: "kv", members: { ...offer.members, get: { kind: "stream" } } }],
    'plugin "kv" provides "get" as a stream, and this side takes it for a method',
  ],
] as const)("dispense() rejects NOT_PROVIDED and names what is missing: %#", (provided, why) => {
  const { connection } = scripted({ provided });
  expect(() => connection.dispense(kv)).toThrow(
    expect.objectContaining({ name: "PluginError", code: "NOT_PROVIDED", message: `Cannot dispense "kv": ${why}` }),
  );
});

test("[F48] a member named as a property of every object is asked for among the other side's own", () => {
  const odd = defineContract("odd", { toString: method(), constructor: method() });
  const { connection } = scripted({ provided: [{ name: "odd", members: {} }] });
  expect(() => connection.dispense(odd)).toThrow('provides that contract without its method "toString"');
  const { connection: other } = scripted({
    provided: readProvided([{ name: "odd", members: { toString: { kind: "method" }, constructor: { kind: "method" } } }]),
  });
  expect(Object.keys(other.dispense(odd))).toEqual(["toString", "constructor"]);
});

test("more than the contract may be provided", () => {
  const { connection } = scripted({ provided: [{ ...offer, members: { ...offer.members, more: { kind: "stream" } } }] });
  expect(Object.keys(connection.dispense(kv))).toEqual(["get", "note"]);
});

test.each(["kv", undefined, null, {}, { name: "kv" }, 5])("dispense() of what is no contract is a mistake of the caller's: %j", (value) => {
  const { connection } = scripted({ provided: [offer] });
  expect(() => connection.dispense(value as never)).toThrow(TypeError);
  expect(() => connection.dispense(value as never)).toThrow("it takes a contract made with defineContract()");
});

test("a stream is asked for when it is first read, and its options are checked at once", async () => {
  const logs = defineContract("logs", { tail: stream<void, string>() });
  const { connection, channel } = scripted({ provided: [{ name: "logs", members: { tail: { kind: "stream" } } }] });
  const { tail } = connection.dispense(logs);
  expect(() => tail(undefined, { timeoutMs: 0 })).toThrow(
    new RangeError('Cannot call "logs.tail": timeoutMs is 0, and it must be a number of milliseconds above 0, or Infinity'),
  );
  const lines = tail()[Symbol.asyncIterator]();
  expect(channel.take()).toEqual([]);
  const line = lines.next();
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", id: 0, method: "logs.tail" }]);
  channel.answer(0, { stream: 0 });
  channel.say({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 0, items: ["first"] } });
  expect(await line).toEqual({ done: false, value: "first" });
});

test("what the other side says it provides is read with distrust", () => {
  expect(readProvided(undefined)).toEqual([]);
  for (const value of [null, 5, {}, "x"]) expect(() => readProvided(value)).toThrow(new TypeError('"provides" is no list'));
  for (const value of [[null], [5], [{}], [{ name: "kv" }], [{ name: 5, members: {} }], [{ name: "kv", members: null }]]) {
    expect(() => readProvided(value)).toThrow(new TypeError('"provides" holds something that is no {"name", "members"}'));
  }
  const odd = JSON.parse('[{"name":"kv","members":{"__proto__":{"kind":"method"},"a":{"kind":"event"},"b":null,"c":{"kind":"method"}}}]');
  const [entry] = readProvided(odd);
  expect(Object.keys(entry?.members ?? {})).toEqual(["__proto__", "c"]);
  expect(Object.getPrototypeOf(entry?.members)).toBe(Object.prototype);
});
