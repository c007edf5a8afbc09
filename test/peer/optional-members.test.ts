import { expect, test } from "vitest";
import { defineContract, implement, method, optional, stream } from "../../src/index.js";
import { connectInMemory } from "../../src/testing/index.js";
import { rejection } from "../kit/fixtures.js";

const old = defineContract("kv", { get: method<string, string>() });
const grown = defineContract("kv", {
  get: method<string, string>(),
  size: optional(method<void, number>()),
  keys: optional(stream<void, string>()),
});
const get = (key: string): string => key;

test("a contract that gained optional members works with a plugin that lacks them: they are undefined on the remote", async () => {
  await using connection = await connectInMemory({ provides: [implement(old, { get })] });
  const remote = connection.dispense(grown);
  expect([remote.size, remote.keys, await remote.get("a"), Object.keys(remote)]).toEqual([
    undefined,
    undefined,
    "a",
    ["get", "size", "keys"],
  ]);
  expect([connection.provides(grown), connection.provides(old)]).toEqual([true, true]);
});

test("they are there where the plugin has them, and a plugin may leave some out", async () => {
  await using connection = await connectInMemory({ provides: [implement(grown, { get, size: () => 3 })] });
  const { size, keys } = connection.dispense(grown);
  expect([await size?.(), keys, Object.keys(connection.provided[0]?.members ?? {})]).toEqual([3, undefined, ["get", "size"]]);
  expect(await rejection(connection.call("kv.keys"))).toMatchObject({ code: "NOT_PROVIDED" });
});

test("provides() says whether all that is needed is there, of the same kind", async () => {
  await using connection = await connectInMemory({ provides: [implement(old, { get })] });
  const needs = defineContract("kv", { get: method<string, string>(), put: method<void, void>() });
  const other = defineContract("kv", { get: optional(stream<string, string>()) });
  expect([connection.provides(needs), connection.provides(other), connection.provides(defineContract("other", {}))]).toEqual([
    false,
    false,
    false,
  ]);
  expect(() => connection.dispense(other)).toThrow('provides "get" as a method, and this side takes it for a stream');
  expect(() => connection.provides({} as never)).toThrow(TypeError);
});

test("optional() takes a member alone, and a handler for one is a function", () => {
  expect(() => optional({} as never)).toThrow("Cannot make a member optional: it must be made with method(), stream() or notification()");
  expect(() => implement(grown, { get, size: 5 as never })).toThrow('the handlers lack a function for its method "size"');
  expect(() => implement(grown, { get, sizes: () => 1 } as never)).toThrow('it has no member "sizes"');
});
