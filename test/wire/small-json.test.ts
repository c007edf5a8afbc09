import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { NOT_SMALL, parseSmall, smallText } from "../../src/wire/small-json.js";

const NAMES = ["a", "name", "__proto__", "constructor", "toString", "toJSON", "x_y", "a1", "1", "", "é", 'q"', "\u0000", "\ud800"];
const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: "binary", maxLength: 14 }), fc.constantFrom("\ud800", '"', "\\", ""));
const number = fc.oneof(fc.nat(2_000), fc.integer(), fc.double(), fc.constantFrom(-0, Number.NaN, 2 ** 53, 1e21));
const primitive = fc.oneof(text, number, fc.boolean(), fc.constantFrom(null, undefined));
const key = fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 36 }));
const flat = fc.array(fc.tuple(key, primitive), { maxLength: 10 }).map(ownMembers);
const value = fc.oneof(primitive, flat, fc.array(primitive, { maxLength: 2 }), fc.dictionary(key, flat));
const json = fc.oneof(
  value.map((made) => JSON.stringify(made) ?? "null"),
  fc.constantFrom(
    "007",
    "-1",
    "1.5",
    "1e3",
    "{}",
    '{"a":1,}',
    '{"a" :1}',
    '{"a":01}',
    '{"a":1,"a":2}',
    '{"a"}',
    '{"a":',
    '"open',
    '"a"b"',
    "[]",
  ),
);

function ownMembers(entries: readonly (readonly [string, unknown])[]): object {
  const made = {};
  for (const [name, member] of entries)
    Object.defineProperty(made, name, { value: member, enumerable: true, configurable: true, writable: true });
  return made;
}

function parsed(source: string, start = 0, end = source.length): unknown {
  return parseSmall(source, start, end);
}

afterEach(() => {
  for (const name of ["polluted", "toJSON", "name"]) Reflect.deleteProperty(Object.prototype, name);
});

test("smallText() gives what JSON.stringify() gives, or leaves it to that", () => {
  fc.assert(
    fc.property(value, (made) => {
      const small = smallText(made);
      if (small !== NOT_SMALL) expect(small).toBe(JSON.stringify(made));
    }),
    { numRuns: 5_000 },
  );
});

test("smallText() knows small values, and only those", () => {
  for (const small of [
    "",
    "world",
    0,
    7,
    999,
    1_000,
    1.5,
    -1,
    true,
    false,
    null,
    {},
    { name: "world" },
    { a: 1, b: true, c: null, d: "x" },
  ]) {
    expect(smallText(small)).toBe(JSON.stringify(small));
  }
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`m${index}`, index]));
  class Point {
    readonly x = 1;
  }
  const others = ["ü", "a\nb", "x".repeat(33), undefined, 1n, Symbol("s"), () => 1, [], new Date(0), new Point(), many];
  const objects = [{ a: {} }, { a: undefined }, { a: () => 1 }, { "a\n": 1 }, { toJSON: () => 1 }, Object.create(null), new Uint8Array(1)];
  for (const other of [...others, ...objects]) expect(smallText(other)).toBe(NOT_SMALL);
});

test("[F57] smallText() leaves an object alone where somebody has added to Object.prototype what JSON would heed, or would not", () => {
  Object.assign(Object.prototype, { polluted: 1 });
  expect(smallText({ name: "world" })).toBe(NOT_SMALL);
  Reflect.deleteProperty(Object.prototype, "polluted");
  expect(smallText({ name: "world" })).toBe('{"name":"world"}');
  Object.defineProperty(Object.prototype, "toJSON", { value: () => "other", configurable: true });
  expect(smallText({ name: "world" })).toBe(NOT_SMALL);
});

test("parseSmall() gives what JSON.parse() gives, or leaves it to that, wherever in a text it stands", () => {
  fc.assert(
    fc.property(
      json,
      fc.constantFrom("", '{"a":', "x", '"'),
      fc.constantFrom("", "}", ',"b":1}', '"', "0", "\n"),
      (source, before, after) => {
        const small = parsed(before + source + after, before.length, before.length + source.length);
        if (small === NOT_SMALL) return;
        const plain: unknown = JSON.parse(source);
        expect(small).toStrictEqual(plain);
        expect(Object.keys(Object(small))).toEqual(Object.keys(Object(plain)));
      },
    ),
    { numRuns: 10_000 },
  );
});

test("parseSmall() knows small values, and only those", () => {
  for (const small of ['""', '"world"', '{"name":"world"}', '{"a":0,"b":12,"c":"x_y"}', '{"x_y":"ü"}']) {
    expect(parsed(small)).toStrictEqual(JSON.parse(small));
  }
  const others = ["1", "null", "{}", '{"a":1.5}', '{"a":-1}', '{"a":null}', '"thirteen long"', '"a\\n"', '{"a":1,"a":2}', '{"1":1}'];
  for (const other of [...others, '{"__proto__":1}', '{"constructor":"x"}', '{"toString":1}', '{"a":1 }']) {
    expect(parsed(other)).toBe(NOT_SMALL);
    expect(() => JSON.parse(other)).not.toThrow();
  }
});

test("[F53] parseSmall() makes own members and runs no setter that somebody put on Object.prototype", () => {
  let ran = 0;
  expect(parsed('{"name":"world"}')).toEqual({ name: "world" });
  Object.defineProperty(Object.prototype, "name", { configurable: true, set: () => ran++ });
  expect(parsed('{"name":"world"}')).toBe(NOT_SMALL);
  expect(ran).toBe(0);
});

test("parseSmall() reads no further than its end", () => {
  expect(parsed('{"a":1}', 0, 6)).toBe(NOT_SMALL);
  expect(parsed('{"a":1}}', 0, 8)).toBe(NOT_SMALL);
  expect(parsed('"ab"', 0, 3)).toBe(NOT_SMALL);
});
