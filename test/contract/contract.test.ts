import { expect, test } from "vitest";
import * as z from "zod";
import { defineContract, method, notification, stream } from "../../src/index.js";

const any = (value: unknown) => value as any;

test.each([
  ["", "a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  ["a b", "a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  ["ü", "a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  ['a"b', "a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  ["x".repeat(129), "a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  [undefined, "a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  ["rpc", 'names that begin with "rpc." belong to the protocol'],
  ["rpc.greeter", 'names that begin with "rpc." belong to the protocol'],
])("[F48] defineContract(%j) is refused: the name cannot be one", (name, why) => {
  expect(() => defineContract(any(name), {})).toThrow(new TypeError(`Cannot define contract "${name}": ${why}`));
});

test.each([
  ["then", "that name has a meaning of its own in JavaScript"],
  ["__proto__", "that name has a meaning of its own in JavaScript"],
  ["a.b", "a dot separates contract and member"],
  ["a b", "both names joined by a dot must be 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
  ["", "it has no name"],
  ["x".repeat(121), undefined],
  ["x".repeat(122), "both names joined by a dot must be 1 to 128 of A-Z a-z 0-9 _ . : / $ -"],
])("[F48] a member named %j is refused where it cannot be told apart", (name, why) => {
  const define = () => defineContract("sixsix", { [name]: method() });
  if (why === undefined) expect(Object.keys(define().members)).toEqual([name]);
  else expect(define).toThrow(new TypeError(`Cannot define member "${name}" of contract "sixsix": ${why}`));
});

test("a contract's members must be a plain object, and each made with one of the three functions", () => {
  const sentence = 'Cannot define contract "c": its members must be a plain object with no member "__proto__"';
  for (const members of [null, undefined, [], new Map(), { __proto__: { greet: method() } }, 5]) {
    expect(() => defineContract("c", any(members))).toThrow(new TypeError(sentence));
  }
  for (const member of [null, undefined, () => {}, "method", {}, { kind: "events" }]) {
    expect(() => defineContract("c", { greet: any(member) })).toThrow(
      new TypeError('Cannot define member "greet" of contract "c": it must be made with method(), stream() or notification()'),
    );
  }
});

test("a contract is frozen, and does not change with what it was made from", () => {
  const greet = method<string, string>();
  const members = { greet };
  const contract = defineContract("greeter", members);
  any(members).other = method();
  any(greet).kind = "stream";
  expect(contract).toEqual({ name: "greeter", members: { greet: { kind: "method" } } });
  expect([contract, contract.members, contract.members.greet].every((part) => Object.isFrozen(part))).toBe(true);
});

test("members named as properties of every object are members like any other", () => {
  const contract = defineContract("odd", { constructor: method(), toString: method(), hasOwnProperty: notification() });
  expect(Object.keys(contract.members)).toEqual(["constructor", "toString", "hasOwnProperty"]);
});

test("method(), stream() and notification() keep the schemas that they are given", () => {
  const schema = z.string();
  expect(method({ input: schema, output: schema })).toEqual({ kind: "method", input: schema, output: schema });
  expect(method({ output: schema })).toEqual({ kind: "method", output: schema });
  expect(stream({ input: schema })).toEqual({ kind: "stream", input: schema });
  expect(notification({ input: schema })).toEqual({ kind: "notification", input: schema });
  expect([method(), stream(), notification()]).toEqual([{ kind: "method" }, { kind: "stream" }, { kind: "notification" }]);
});

test("a schema may be a function, as ArkType's are", () => {
  const schema = Object.assign(() => {}, { "~standard": { version: 1, vendor: "test", validate: () => ({ value: 1 }) } });
  expect(method({ input: any(schema) })).toEqual({ kind: "method", input: schema });
});

test.each([
  [() => method({ input: any(/x/) }), "Cannot make a method: its input is no Standard Schema v1 validator (as Zod's and Valibot's are)"],
  [() => stream({ output: any("x") }), "Cannot make a stream: its output is no Standard Schema v1 validator (as Zod's and Valibot's are)"],
  [
    () => notification({ input: any(null) }),
    "Cannot make a notification: its input is no Standard Schema v1 validator (as Zod's and Valibot's are)",
  ],
  [() => method(any(z.string())), "Cannot make a method: a schema has its place, as in method({ input: schema })"],
  [() => method(any({ inputs: z.string() })), 'Cannot make a method: it has no "inputs", only input and output'],
  [() => notification(any({ input: z.string(), output: z.string() })), 'Cannot make a notification: it has no "output", only input'],
  [() => stream(any(null)), "Cannot make a stream: it takes an object of schemas, { input, output }"],
])("a member with schemas that cannot be used is refused: %#", (make, sentence) => {
  expect(make).toThrow(new TypeError(sentence));
});
