import { expect, test } from "vitest";
import { codeOf, WireCode } from "../../src/wire/error-codes.js";

test("the numbers on the wire are those of the protocol's table", () => {
  expect(WireCode).toEqual({
    parseError: -32700,
    invalidRequest: -32600,
    notProvided: -32601,
    invalidInput: -32602,
    internal: -32603,
    handlerThrew: -32000,
    unauthorized: -32001,
    busy: -32002,
    stopping: -32003,
    tooLarge: -32004,
    invalidOutput: -32005,
    vetoed: -32006,
    cancelled: -32800,
  });
});

test("[P2] each number means what the protocol's table says, and one that nobody knows is the other side's own failure", () => {
  const numbers = [-32700, -32600, -32601, -32602, -32000, -32001, -32002, -32003, -32004, -32005, -32006, -32800, -32603, 1, 0];
  expect(numbers.map(codeOf)).toEqual([
    "PROTOCOL_VIOLATION",
    "PROTOCOL_VIOLATION",
    "NOT_PROVIDED",
    "INVALID_INPUT",
    "REMOTE_ERROR",
    "UNAUTHORIZED",
    "BUSY",
    "NOT_SENT",
    "LIMIT_EXCEEDED",
    "INVALID_OUTPUT",
    "VETOED",
    "CANCELLED",
    "REMOTE_ERROR",
    "REMOTE_ERROR",
    "REMOTE_ERROR",
  ]);
});
