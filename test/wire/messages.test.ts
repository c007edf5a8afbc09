import { isJSONRPCID, isJSONRPCRequest, isJSONRPCResponse } from "json-rpc-2.0/dist/models.js";
import { expect, test } from "vitest";
import { classify } from "../../src/wire/messages.js";

const ID_PROBLEM = "its id is neither a whole number from 0 to 2^53-1 nor a string of up to 64 characters";

test("[F47] values that are no object are no message, and never a TypeError", () => {
  for (const value of [null, 0, "x", true]) expect(classify(value)).toBe("it is no object");
  for (const value of [[], [null], [1], [{ jsonrpc: "2.0", id: 1, method: "a" }]]) {
    expect(classify(value)).toBe("it is an array, and batches are not taken");
  }
  expect(() => isJSONRPCRequest(null as never), "json-rpc-2.0 throws: the guard before it is needed").toThrow(TypeError);
});

test('[F46] another "jsonrpc" than "2.0" is no message, on a request and on a response', () => {
  for (const jsonrpc of ["1.0", "2", 2, null, undefined, ["2.0"]]) {
    expect(classify({ jsonrpc, id: 1, method: "a" })).toBe('its "jsonrpc" is not "2.0"');
    expect(classify({ jsonrpc, id: 1, result: 1 })).toBe('its "jsonrpc" is not "2.0"');
    expect(classify({ jsonrpc, id: 1, error: {} })).toBe('its "jsonrpc" is not "2.0"');
  }
});

test("[F49] an id of another shape is refused, which json-rpc-2.0 would take", () => {
  const ids = [null, {}, [], true, 1.5, -1, Number.POSITIVE_INFINITY, 2 ** 53, "x".repeat(65), "x".repeat(10_000)];
  for (const id of ids) {
    expect(classify({ jsonrpc: "2.0", id, method: "a" }), String(id)).toBe(ID_PROBLEM);
    expect(classify({ jsonrpc: "2.0", id, result: 1 }), String(id)).toBe(ID_PROBLEM);
    if (id !== null) expect(classify({ jsonrpc: "2.0", id, error: {} }), String(id)).toBe(ID_PROBLEM);
    expect(isJSONRPCRequest({ jsonrpc: "2.0", id, method: "a" }), "json-rpc-2.0 takes it").toBe(true);
    expect(isJSONRPCResponse({ jsonrpc: "2.0", id, result: 1 }), "json-rpc-2.0 takes it").toBe(true);
  }
  expect([Number.POSITIVE_INFINITY, 2 ** 53, null].map(isJSONRPCID)).toEqual([true, true, true]);
});

test("[F49] 0, 2^53-1, an empty text and one of 64 characters are ids", () => {
  for (const id of [0, Number.MAX_SAFE_INTEGER, "", "0", "x".repeat(64)]) {
    expect(classify({ jsonrpc: "2.0", id, method: "a" })).toEqual({ kind: "request", id, method: "a", params: undefined, meta: undefined });
    expect(classify({ jsonrpc: "2.0", id, result: null })).toEqual({ kind: "result", id, value: null });
  }
});

test("[F48] a method that is no string is no message", () => {
  for (const method of [5, null, {}, [], true]) expect(classify({ jsonrpc: "2.0", id: 1, method })).toBe("its method is no string");
});

test("[F51] a response has a result or an error: both and neither are refused", () => {
  const both = "it has both a result and an error";
  expect(classify({ jsonrpc: "2.0", id: 1, result: 1, error: {} })).toBe(both);
  expect(classify({ jsonrpc: "2.0", id: 1, result: null, error: null })).toBe(both);
  expect(classify({ jsonrpc: "2.0", id: 1 })).toBe("it is no request, notification or response");
  expect(classify({ jsonrpc: "2.0", error: {} })).toBe("it is no request, notification or response");
  expect(classify({ jsonrpc: "2.0", id: 1, error: "text" })).toEqual({ kind: "error", id: 1, error: "text" });
});

test("[F51] what has a method is no response: with a result or an error beside it, it is no single message", () => {
  const mixed = "it is both a request and a response";
  for (const beside of [{ result: 1 }, { result: null }, { error: { code: 1, message: "" } }, { error: null }]) {
    expect(classify({ jsonrpc: "2.0", id: 3, method: "a", ...beside }), JSON.stringify(beside)).toBe(mixed);
    expect(classify({ jsonrpc: "2.0", method: "a", ...beside }), JSON.stringify(beside)).toBe(mixed);
    expect(classify({ jsonrpc: "2.0", id: 3, method: 5, ...beside }), JSON.stringify(beside)).toBe(mixed);
  }
});

test("[F51] an error of null is an error: it needs no result beside it", () => {
  expect(classify({ jsonrpc: "2.0", id: 3, error: null })).toEqual({ kind: "error", id: 3, error: null });
});

test("[F45] an error about something that could not be read has the id null, and nothing else has", () => {
  expect(classify({ jsonrpc: "2.0", id: null, error: { code: -32700 } })).toEqual({ kind: "error", id: null, error: { code: -32700 } });
  expect(classify({ jsonrpc: "2.0", id: null, result: 1 })).toBe(ID_PROBLEM);
  expect(classify({ jsonrpc: "2.0", id: null, method: "a" })).toBe(ID_PROBLEM);
});

test("params that are no object or array are refused, which json-rpc-2.0 would take", () => {
  for (const params of [1, "x", true, null]) {
    expect(classify({ jsonrpc: "2.0", id: 1, method: "a", params })).toBe("its params are no object or array");
    expect(isJSONRPCRequest({ jsonrpc: "2.0", id: 1, method: "a", params })).toBe(true);
  }
});

test("members that are not known are ignored, and meta is taken as an object alone", () => {
  expect(classify({ jsonrpc: "2.0", method: "a", extra: 1 })).toEqual({ kind: "notification", method: "a", params: undefined });
  expect(classify({ jsonrpc: "2.0", id: 1, method: "a", meta: { timeoutMs: 5 } })).toMatchObject({ meta: { timeoutMs: 5 } });
  expect(classify({ jsonrpc: "2.0", id: 1, method: "a", meta: "x" })).toMatchObject({ meta: undefined });
});
