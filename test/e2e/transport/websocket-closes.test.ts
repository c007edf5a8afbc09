import { expect, test } from "vitest";
import { defineContract, implement, method } from "../../../src/index.js";
import { gate } from "../../kit/gate.js";
import { RawHostOver } from "../../transport/attackers.js";
import { BINARY, frameBytes, type RawWebSocket } from "../../transport/raw-websocket.js";

gate();
const echo = defineContract("echo", { echo: method<unknown, unknown>() });
const PING = '{"jsonrpc":"2.0","id":2,"method":"rpc.ping"}';
const ITEM = '{"jsonrpc":"2.0","method":"rpc.item","params":{"stream":0}}';

/** As docs/protocol.md has it: what is sent, the code that it is answered with before, and the one that the WebSocket is closed with. */
const CLOSES: readonly [what: string, bytes: Uint8Array, answer: number | undefined, closeCode: number][] = [
  ["a text that is not JSON", frameBytes("garbage"), -32700, 1003],
  ["an empty frame", frameBytes(""), -32700, 1003],
  ["a frame of a newline alone", frameBytes("\n"), -32700, 1003],
  ["an empty line after a message", frameBytes(`${PING}\n\n`), -32700, 1003],
  ["a line that spans frames", frameBytes(PING.slice(0, 20)), -32700, 1003],
  ["a binary frame", frameBytes(PING, { opcode: BINARY }), -32600, 1003],
  ["an array", frameBytes("[]"), -32600, 1008],
  ["items that are none", frameBytes(ITEM), -32600, 1008],
  ["a line that is too long, in a frame that is not", frameBytes(`"${"x".repeat(600_000)}"`), -32600, 1009],
  ["a frame that is too long", frameBytes("x", { announced: 2n ** 40n }), undefined, 1009],
  ["a text that is not UTF-8", frameBytes(Uint8Array.of(0xc3, 0x28)), undefined, 1007],
  ["an opcode that is reserved", frameBytes("x", { opcode: 3 }), undefined, 1002],
  ["a bit that is reserved", frameBytes("x", { rsv: 4 }), undefined, 1002],
  ["a frame without a mask", frameBytes(PING, { mask: false }), undefined, 1002],
];

test.each(CLOSES)("[F54, F56, F63] over a WebSocket %s closes with its own code", async (_what, bytes, answer, closeCode) => {
  await using host = await RawHostOver.serve("websocket", [implement(echo, { echo: (value) => value })], { maxMessageBytes: 512 * 1024 });
  const lines = await host.ready();
  const raw = lines.raw as RawWebSocket;
  raw.bytes(bytes);
  const codes: number[] = [];
  for (let message = await raw.message(); message !== undefined; message = await raw.message()) {
    if (message.id === null) codes.push(message.error.code);
  }
  expect([codes, raw.closeCode]).toEqual([answer === undefined ? [] : [answer], closeCode]);
});
