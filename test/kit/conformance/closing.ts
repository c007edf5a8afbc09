import { expect } from "vitest";
import type { RawSocket } from "../raw/raw-socket.js";
import { expectAlive, type Judging, PING, PONG } from "./subject.js";

/** Lines that are no message: each closes the connection, and says which of the two numbers it is answered with. */
const NO_MESSAGE: Readonly<Record<string, readonly [line: string, code: number]>> = {
  "that is not JSON": ["{nonsense", -32700],
  "that is empty": ["", -32700],
  "of two objects": ['{"jsonrpc":"2.0","method":"a.b"}{"jsonrpc":"2.0","method":"a.b"}', -32700],
  "that is null": ["null", -32600],
  "that is a number": ["0", -32600],
  "that is a batch": ['[{"jsonrpc":"2.0","id":9,"method":"rpc.ping"}]', -32600],
  "that is an empty batch": ["[]", -32600],
  "without a version": ['{"id":9,"method":"rpc.ping"}', -32600],
  "of JSON-RPC 1.0": ['{"jsonrpc":"1.0","id":9,"method":"rpc.ping"}', -32600],
  "whose method is a number": ['{"jsonrpc":"2.0","id":9,"method":5}', -32600],
  "whose method is null": ['{"jsonrpc":"2.0","id":9,"method":null}', -32600],
  "whose params are a number": ['{"jsonrpc":"2.0","id":9,"method":"rpc.ping","params":5}', -32600],
  "whose params are a text": ['{"jsonrpc":"2.0","method":"rpc.ping","params":"x"}', -32600],
  "whose params are null": ['{"jsonrpc":"2.0","id":9,"method":"rpc.ping","params":null}', -32600],
  "without a method, result or error": ['{"jsonrpc":"2.0","id":9}', -32600],
  "with a result and an error": ['{"jsonrpc":"2.0","id":9,"result":1,"error":{"code":1,"message":"x"}}', -32600],
  "whose id is null": ['{"jsonrpc":"2.0","id":null,"method":"rpc.ping"}', -32600],
  "whose id is an object": ['{"jsonrpc":"2.0","id":{},"method":"rpc.ping"}', -32600],
  "whose id is a list": ['{"jsonrpc":"2.0","id":[1],"method":"rpc.ping"}', -32600],
  "whose id is a boolean": ['{"jsonrpc":"2.0","id":true,"method":"rpc.ping"}', -32600],
  "whose id is below zero": ['{"jsonrpc":"2.0","id":-1,"method":"rpc.ping"}', -32600],
  "whose id is a fraction": ['{"jsonrpc":"2.0","id":1.5,"method":"rpc.ping"}', -32600],
  "whose id is above 2^53-1": ['{"jsonrpc":"2.0","id":9007199254740993,"method":"rpc.ping"}', -32600],
  "whose id is beyond all numbers": ['{"jsonrpc":"2.0","id":1e400,"method":"rpc.ping"}', -32600],
  "whose id has 65 characters": [`{"jsonrpc":"2.0","id":"${"x".repeat(65)}","method":"rpc.ping"}`, -32600],
  "nested 65 levels": [`{"jsonrpc":"2.0","id":9,"method":"rpc.ping","params":${"[".repeat(64)}${"]".repeat(64)}}`, -32600],
};

/** Section 2: what closes a connection, which the process survives. */
export function judgeClosing({ judge, name, start }: Judging): void {
  judge(`[F45, F46, F47, F49, F53] ${name} answers a line that is no message with the id null, closes, and lives`, async () => {
    await using plugin = start();
    for (const [which, [line, code]] of Object.entries(NO_MESSAGE))
      await expectClosedOn(await plugin.ready(), line, [code], `a line ${which}`);
    await expectAlive(plugin);
  });

  judge(`[F56] ${name} answers a line that is not UTF-8 with the id null, closes, and lives`, async () => {
    await using plugin = start();
    const line = Buffer.from('{"jsonrpc":"2.0","id":9,"method":"rpc.ping","params":{"x":"?"}}');
    line[line.indexOf("?")] = 0xff;
    await expectClosedOn(await plugin.ready(), line, [-32700, -32600], "a line that is not UTF-8");
    await expectAlive(plugin);
  });

  judge(`[F53] ${name} takes a line nested 64 levels`, async () => {
    await using plugin = start();
    const socket = await plugin.ready();
    socket.write(`{"jsonrpc":"2.0","id":2,"method":"rpc.ping","params":${"[".repeat(63)}"[[["${"]".repeat(63)}}\n`);
    expect(await socket.message()).toEqual(PONG);
  });

  judge(`[F54] ${name} closes on a line over 32 MiB without waiting for its end, and lives`, async () => {
    await using plugin = start();
    const socket = await plugin.ready();
    socket.write(Buffer.alloc(32 * 1024 * 1024 + 1, " "));
    expect((await socket.message())?.id ?? null).toBe(null);
    await socket.closed;
    await expectAlive(plugin);
  });
}

/** The line is answered, the connection closed, and what came right behind it is not run. */
async function expectClosedOn(socket: RawSocket, line: string | Uint8Array, codes: readonly number[], which: string): Promise<void> {
  socket.write(Buffer.concat([Buffer.from(line), Buffer.from(`\n${JSON.stringify({ ...PING, id: 8 })}\n`)]));
  const answer = await socket.message();
  expect(answer, which).toMatchObject({ jsonrpc: "2.0", id: null, error: { message: expect.any(String) } });
  expect(codes, which).toContain(answer.error.code);
  expect(await socket.line(), which).toBe(undefined);
}
