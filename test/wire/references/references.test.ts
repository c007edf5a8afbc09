import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Attachments, ReceivedAttachments } from "../../../src/wire/attachments.js";
import { extract, type Lender, lendNothing } from "../../../src/wire/references/extract.js";
import type { Ref } from "../../../src/wire/references/ref.js";
import { restore } from "../../../src/wire/references/restore.js";
import { isSpecial } from "../../../src/wire/references/scan.js";
import { Unsendable } from "../../../src/wire/references/unsendable.js";

/** Lends everything, numbered from 0. */
function lender(): Lender & { readonly lent: unknown[] } {
  const lent: unknown[] = [];
  const lend = (value: unknown): number => lent.push(value) - 1;
  return { lent, lendFunction: lend, lendStream: lend };
}
class Point {
  readonly x = 1;
  toJSON(key: string): unknown {
    return { key, bytes: Uint8Array.of(1) };
  }
}
const cycle: Record<string, unknown> = { list: [] };
(cycle["list"] as unknown[]).push({ back: cycle });

test.each([
  ["null", null, false],
  ["text", "text", false],
  ["numbers", [0, -0, 1.5, 2 ** 60], false],
  ["an object of another realm", runInNewContext("({ a: [1, 'x'] })"), false],
  ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), false],
  ["a symbol", Symbol("s"), true],
  ["NaN", Number.NaN, true],
  ["Infinity in a list", [1, Number.POSITIVE_INFINITY], true],
  ["a Date of no time", new Date(Number.NaN), true],
  ["a promise", Promise.resolve(), true],
  ["plain data", { a: [1, { b: "c" }], d: new Date(0) }, false],
  ["a Map", new Map([[1, () => {}]]), true],
  [
    "a class instance",
    new (class Plain {
      readonly a = 1;
    })(),
    false,
  ],
  ["a function", () => {}, true],
  ["a function in an array in an object", { a: [[() => {}]] }, true],
  ["bytes", Buffer.alloc(1), true],
  ["bytes of another realm", [runInNewContext("new Uint8Array(1)")], true],
  ["an async iterable", { a: (async function* () {})() }, true],
  ["a class with a toJSON, which may give anything", [new Point()], true],
  ["a toJSON of its own", { toJSON: (): number => 1 }, true],
])("isSpecial() says of %s whether JSON alone carries it", (_what, value, special) => {
  expect(isSpecial(value)).toBe(special);
});

test("extract() leaves null where special things were, names them by JSON Pointers, and changes nothing", () => {
  const give = (): void => {};
  const items = (async function* () {})();
  const input = { "a/b": { "~": Buffer.from("hi") }, "": [give, 1, items], plain: { x: 1 } };
  const lending = lender();
  const { value, refs } = extract(input, lending);
  expect(JSON.stringify(value)).toBe('{"a/b":{"~":null},"":[null,1,null],"plain":{"x":1}}');
  expect(refs).toEqual({ "/a~1b/~0": { bytes: "aGk=" }, "//0": { function: 0 }, "//2": { stream: 1 } });
  expect([lending.lent, Object.keys(input), input[""][0]]).toEqual([[give, items], ["a/b", "", "plain"], give]);
});

test("extract() of the special thing itself names the whole", () => {
  expect(extract(Uint8Array.of(1), lendNothing)).toEqual({ value: null, refs: { "": { bytes: "AQ==" } } });
  expect(extract(() => {}, lender())).toEqual({ value: null, refs: { "": { function: 0 } } });
});

test("extract() puts raw bytes side by side, and names them by offset and length", () => {
  const attachments = new Attachments(Number.POSITIVE_INFINITY);
  const { refs } = extract({ a: Uint8Array.of(1, 2), b: [new Uint8Array(0), Buffer.from("xyz")] }, lendNothing, attachments);
  expect(refs).toEqual({ "/a": { bytes: [0, 2] }, "/b/0": { bytes: [2, 0] }, "/b/1": { bytes: [2, 3] } });
  expect(attachments.pieces?.map((bytes) => [...bytes])).toEqual([[1, 2], [], [120, 121, 122]]);
});

test("extract() makes of everything else what JSON.stringify() makes of it, where the rules are JSON's", () => {
  const values = {
    date: new Date(0),
    map: new Map([[1, 2]]),
    set: new Set([1]),
    floats: Float32Array.of(0.5),
    buffer: new ArrayBuffer(2),
    nan: Number.NaN,
    boxed: [Object(1), Object("s"), Object(true)],
    nothing: undefined,
    symbol: Symbol("s"),
    list: Object.assign([undefined, Symbol("s")], { 3: 1 }),
    error: new Error("not told"),
    nested: { toJSON: (key: string) => ({ key }) },
    __proto__: { inherited: 1 },
    null: Object.create(null),
  };
  Object.defineProperty(values, "hidden", { value: 1, enumerable: false });
  expect(JSON.stringify(extract(values, lendNothing, undefined, "json").value)).toBe(JSON.stringify(values));
});

test("extract() makes of what it takes what JSON.stringify() makes of it", () => {
  class Named {
    readonly x = 1;
    readonly [Symbol.toStringTag] = "Named";
  }
  const values = {
    date: new Date(0),
    url: new URL("https://a.example/b"),
    boxed: [Object(1), Object("s"), Object(true), runInNewContext("[Object(1), Object('s'), Object(false)]")],
    nothing: undefined,
    list: Object.assign([undefined], { 3: 1 }),
    nested: { toJSON: (key: string) => ({ key }) },
    __proto__: { inherited: 1 },
    null: Object.assign(Object.create(null), { a: -0 }),
    named: new Named(),
    [Symbol("s")]: 1,
    thenable: { x: { readable: true } },
  };
  Object.defineProperty(values, "hidden", { value: 1, enumerable: false });
  expect(JSON.stringify(extract(values, lendNothing).value)).toBe(JSON.stringify(values));
});

test("extract() takes bytes of another realm for what they are", () => {
  const foreign = runInNewContext("({ a: new Uint8Array([1, 2]), b: Object(5n) })");
  expect(extract({ a: foreign.a }, lendNothing)).toMatchObject({ refs: { "/a": { bytes: "AQI=" } } });
  const attachments = new Attachments(Number.POSITIVE_INFINITY);
  extract({ a: foreign.a }, lendNothing, attachments);
  expect(attachments.pieces?.[0]).toBeInstanceOf(Uint8Array);
  expect(() => extract(foreign.b, lendNothing)).toThrow("it is a BigInt, which JSON cannot carry");
});

test("bytes that lose their memory while the rest of the value is read are refused", () => {
  const bytes = new Uint8Array(4);
  const value = {
    bytes,
    get later() {
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return 1;
    },
  };
  const attachments = new Attachments(Number.POSITIVE_INFINITY);
  const { refs } = extract(value, lendNothing, attachments);
  expect(() => attachments.seal(refs)).toThrow("it holds bytes whose memory was transferred while it was written");
});

test("extract() takes what a toJSON gives, bytes too, and calls it once with its key", () => {
  const { value, refs } = extract({ point: new Point() }, lendNothing);
  expect(JSON.stringify(value)).toBe('{"point":{"key":"point","bytes":null}}');
  expect(refs).toEqual({ "/point/bytes": { bytes: "AQ==" } });
  const itself: { readonly a: Uint8Array; toJSON(): object } = { a: Uint8Array.of(1), toJSON: () => itself };
  expect(extract(itself, { ...lender(), lendFunction: () => 0 }).refs).toMatchObject({ "/a": { bytes: "AQ==" } });
});

test("extract() keeps own members called __proto__, and members that look like refs", () => {
  const value = JSON.parse('{"__proto__":{"a":1},"constructor":null,"like":{"bytes":"AAAA"},"other":{"stream":1}}');
  const extracted = extract({ value, bytes: Uint8Array.of(1) }, lendNothing);
  expect(JSON.stringify(extracted.value)).toBe(`{"value":${JSON.stringify(value)},"bytes":null}`);
  expect(Object.keys(extracted.refs)).toEqual(["/bytes"]);
});

test("[F57] extract() says where what cannot be sent is, and why", () => {
  const throwing = (error: unknown): object => ({
    toJSON() {
      throw error;
    },
  });
  const problem = (value: unknown): string => {
    try {
      return JSON.stringify(extract(value, lendNothing));
    } catch (error) {
      expect(error).toBeInstanceOf(Unsendable);
      return (error as Error).message;
    }
  };
  const lent = "and only the input of a method or a stream may carry those";
  expect(problem(cycle)).toBe('what is at "/list/0/back" is part of a cycle, which JSON cannot carry');
  expect(problem({ "a/b": [5n] })).toBe('what is at "/a~1b/0" is a BigInt, which JSON cannot carry');
  expect(problem(5n)).toBe("it is a BigInt, which JSON cannot carry");
  expect(problem([throwing(new Error("not me"))])).toBe('what is at "/0" has a toJSON that throws: not me');
  expect(problem(throwing(null))).toBe("it has a toJSON that throws: null");
  expect(problem([() => {}])).toBe(`what is at "/0" is a function, ${lent}`);
  expect(problem((async function* () {})())).toBe(`it is an async iterable, ${lent}`);
  let deep: unknown = {};
  for (let level = 0; level < 2_000; level++) deep = { deep };
  expect(problem(deep)).toBe("it is nested deeper than 1000 levels");
});

test("an object that stands in two places is no cycle", () => {
  const shared = { bytes: Uint8Array.of(1) };
  expect(extract([shared, { shared }], lendNothing).refs).toEqual({ "/0/bytes": { bytes: "AQ==" }, "/1/shared/bytes": { bytes: "AQ==" } });
});

test("what was extracted is restored to its place, and own members called __proto__ stay what they are", () => {
  const refs: Record<string, Ref> = { "/__proto__": { bytes: "AQ==" }, "/a~1b/~0/1": { function: 4 } };
  const value = restore(JSON.parse('{"__proto__":null,"a/b":{"~":[0,null]}}'), refs, (ref) =>
    "function" in ref ? "function" : new ReceivedAttachments(undefined, 0).bytes(ref["bytes"]),
  );
  expect(Object.entries(value as object)).toEqual([
    ["__proto__", Uint8Array.of(1)],
    ["a/b", { "~": [0, "function"] }],
  ]);
  expect([Object.getPrototypeOf(value), restore(null, { "": { stream: 1 } }, () => "whole")]).toEqual([Object.prototype, "whole"]);
});
