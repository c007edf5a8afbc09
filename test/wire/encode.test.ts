import { expect, test } from "vitest";
import {
  decodeInput,
  encodeError,
  encodeNotification,
  encodeRequest,
  encodeResult,
  encodeViolation,
  isTooLong,
} from "../../src/wire/encode.js";

class Point {
  readonly x = 1;
}

test("an object is the params as it is, any other input is an array of it, and none is no params", () => {
  const params = (input: unknown): unknown => JSON.parse(encodeRequest(0, "a.b", input)).params;
  expect(params({ a: 1 })).toEqual({ a: 1 });
  expect(params(new Point())).toEqual({ x: 1 });
  for (const input of [1, "x", null, true, [1, 2], []]) expect(params(input)).toEqual([input]);
  expect(params(new Date(0))).toEqual(["1970-01-01T00:00:00.000Z"]);
  expect(encodeRequest(0, "a.b", undefined)).toBe('{"jsonrpc":"2.0","id":0,"method":"a.b"}');
  expect(encodeNotification("a.b", undefined)).toBe('{"jsonrpc":"2.0","method":"a.b"}');
});

test("decodeInput() takes both shapes of params, and no more than one value", () => {
  expect([undefined, { a: 1 }, [null], [[1]], []].map(decodeInput)).toEqual([undefined, { a: 1 }, null, [1], undefined]);
  expect(() => decodeInput([1, 2])).toThrow(new RangeError("it takes one value, and params holds 2"));
});

test("a result of nothing is null, and ids come back as they were", () => {
  expect(encodeResult(0, undefined)).toBe('{"jsonrpc":"2.0","id":0,"result":null}');
  expect(encodeResult('"', 1)).toBe('{"jsonrpc":"2.0","id":"\\"","result":1}');
});

test("[F57] what JSON cannot carry throws where it is encoded, with what it is", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const throwing = { toJSON: () => JSON.parse("no") };
  for (const value of [cycle, 1n, throwing]) {
    expect(() => encodeResult(0, value)).toThrow();
    expect(() => encodeRequest(0, "a.b", value)).toThrow();
  }
  for (const value of [() => {}, Symbol("s")]) {
    expect(() => encodeResult(0, value)).toThrow(new TypeError(`JSON cannot carry a ${typeof value}`));
  }
});

test("[F51] an error is always sent: data that JSON cannot carry is left out", () => {
  expect(JSON.parse(encodeError(1, { code: -1, message: "m", data: { a: 1 } }))).toMatchObject({ error: { data: { a: 1 } } });
  expect(JSON.parse(encodeError("x", { code: -1, message: "m", data: 1n }))).toEqual({
    jsonrpc: "2.0",
    id: "x",
    error: { code: -1, message: "m" },
  });
});

test("[F45] the answer to a line that is no message has the id null and says what is wrong", () => {
  expect(JSON.parse(encodeViolation(-32700, "it is not JSON"))).toEqual({
    jsonrpc: "2.0",
    id: null,
    error: { code: -32700, message: "Cannot parse the line: it is not JSON" },
  });
  expect(JSON.parse(encodeViolation(-32600, "it is no object")).error.message).toBe("Cannot take the line as a message: it is no object");
});

test("[F56] a lone surrogate leaves as an escape, so that the line is well-formed", () => {
  expect(encodeResult(0, "\ud800")).toContain('"\\ud800"');
  expect(encodeNotification("a.b", { "\udfff": 1 })).toContain('"\\udfff"');
});

test("[F54] isTooLong() counts bytes of UTF-8", () => {
  expect([isTooLong("x".repeat(8), 8), isTooLong("x".repeat(9), 8)]).toEqual([false, true]);
  expect([isTooLong("ü".repeat(4), 8), isTooLong("ü".repeat(5), 8)]).toEqual([false, true]);
  expect([isTooLong("😀".repeat(2), 8), isTooLong("😀€", 8), isTooLong("😀€é", 8)]).toEqual([false, false, true]);
});
