import { expect, test } from "vitest";
import type { PluginErrorCode } from "../../src/index.js";
import { codeOf, WireCode } from "../../src/wire/error-codes.js";
import { type Equal, expectType } from "../types/expect-type.js";

// Frozen: callers branch on the codes, and plugins in other languages send the numbers.
const CODES = [
  "START_FAILED",
  "START_TIMEOUT",
  "BAD_HANDSHAKE",
  "VERSION_MISMATCH",
  "CHECKSUM_MISMATCH",
  "UNAUTHORIZED",
  "NOT_SENT",
  "CONNECTION_LOST",
  "CONNECTION_CLOSED",
  "PROTOCOL_VIOLATION",
  "LIMIT_EXCEEDED",
  "BUSY",
  "CANCELLED",
  "NOT_PROVIDED",
  "NOT_FOUND",
  "BAD_MANIFEST",
  "BAD_ARCHIVE",
  "INSTALL_FAILED",
  "INCOMPATIBLE",
  "STORE_LOCKED",
  "STORE_FAILED",
  "INVALID_INPUT",
  "INVALID_OUTPUT",
  "CALL_TIMEOUT",
  "NOT_READY",
  "UNKNOWN_PLUGIN",
  "CONFLICT",
  "VETOED",
  "UNREACHABLE",
  "REMOTE_ERROR",
] as const;
expectType<Equal<(typeof CODES)[number], PluginErrorCode>>();

test("the numbers on the wire are those of the protocol's page", () => {
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

test.each<[number, PluginErrorCode]>([
  [-32700, "PROTOCOL_VIOLATION"],
  [-32600, "PROTOCOL_VIOLATION"],
  [-32601, "NOT_PROVIDED"],
  [-32602, "INVALID_INPUT"],
  [-32603, "REMOTE_ERROR"],
  [-32000, "REMOTE_ERROR"],
  [-32001, "UNAUTHORIZED"],
  [-32002, "BUSY"],
  [-32003, "NOT_SENT"],
  [-32004, "LIMIT_EXCEEDED"],
  [-32005, "INVALID_OUTPUT"],
  [-32800, "CANCELLED"],
  [-32099, "REMOTE_ERROR"],
  [0, "REMOTE_ERROR"],
  [1, "REMOTE_ERROR"],
])("%i means %s", (wireCode, code) => {
  expect(codeOf(wireCode)).toBe(code);
});
