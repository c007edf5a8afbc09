import { expect } from "vitest";
import { answerCallback, call, expectAlive, type Judging, PING, PONG, skipCallbacks } from "./subject.js";

/** Sections 2 and 4: calls, in both shapes, and what becomes of them. */
export function judgeCalls({ judge, name, start, subject }: Judging): void {
  judge(`[F49] ${name} echoes ids as they came, 0 and strings too`, async () => {
    await using plugin = start();
    const socket = await plugin.ready();
    for (const id of [0, "", "0", "x".repeat(64), 'ü"\\', Number.MAX_SAFE_INTEGER]) {
      socket.send(call(id, subject.object));
      expect(await socket.message()).toEqual({ jsonrpc: "2.0", id, result: subject.object.result });
    }
  });

  judge(`${name} takes both shapes of params, and answers null for nothing`, async () => {
    await using plugin = start();
    const socket = await plugin.ready();
    socket.send({ jsonrpc: "2.0", id: 9, method: subject.value.method, params: [1, 2] });
    expect(await socket.message()).toMatchObject({ id: 9, error: { code: -32602 } });
    for (const [id, tried] of [subject.nothing, subject.object, subject.value].entries()) {
      socket.send(call(id, tried));
      if (tried === subject.value && subject.held !== undefined) await answerCallback(socket, subject.held);
      expect(await socket.message()).toEqual({ jsonrpc: "2.0", id, result: tried.result ?? null });
    }
  });

  judge(`[F48] ${name} answers -32601 to what nobody provides, ignores such a notification, and lives`, async () => {
    await using plugin = start();
    const socket = await plugin.ready();
    const [contract] = subject.object.method.split(".");
    const inherited = ["constructor", "__proto__", "toString", "hasOwnProperty", `${contract}.constructor`, `${contract}.__proto__`];
    for (const method of ["no.such", "rpc.no-such", contract, `${subject.object.method}.x`, "", "ü ü", "x".repeat(200), ...inherited]) {
      socket.send({ jsonrpc: "2.0", method });
      socket.send({ jsonrpc: "2.0", id: 3, method });
      const answer = await socket.message();
      expect([answer.id, answer.result], method).toEqual([3, undefined]);
      expect([-32601, -32600], method).toContain(answer.error.code);
      expect(answer.error.message).toEqual(expect.any(String));
    }
    socket.send(PING);
    expect(await socket.message()).toEqual(PONG);
  });

  judge(`[F50] ${name} ignores answers that it does not wait for`, async () => {
    await using plugin = start();
    const socket = await plugin.ready();
    socket.send({ jsonrpc: "2.0", id: 77, result: 1 });
    socket.send({ jsonrpc: "2.0", id: "77", error: { code: 1, message: "x" } });
    socket.send(PING);
    expect(await socket.message()).toEqual(PONG);
  });

  judge(`[F55, F56] ${name} reads lines in single bytes, and several lines in one write`, async () => {
    await using plugin = start();
    const socket = await plugin.ready();
    for (const byte of Buffer.from(`${JSON.stringify(call("ü", subject.object))}\n`)) {
      await new Promise((resolve) => socket.socket.write(Uint8Array.of(byte), resolve));
    }
    expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: "ü", result: subject.object.result });
    socket.write(`${JSON.stringify({ ...PING, id: 5 })}\n${JSON.stringify({ ...PING, id: 6 })}\n`);
    expect([(await socket.message()).id, (await socket.message()).id].sort()).toEqual([5, 6]);
  });

  judge(`[F49] ${name} closes on a request whose id is still running`, async () => {
    await using plugin = start();
    const socket = await plugin.ready();
    socket.send(call(2, subject.endless));
    socket.send(call(2, subject.endless));
    await skipCallbacks(socket, (message) => message.id === null && message.error.code === -32600);
    await socket.closed;
    await expectAlive(plugin);
  });

  judge(`[F69] ${name} answers once to a call that was cancelled, and -32800`, async () => {
    await using plugin = start();
    const socket = await plugin.ready();
    socket.send(call(2, subject.endless));
    socket.send({ jsonrpc: "2.0", method: "rpc.cancel", params: { id: 2 } });
    await skipCallbacks(socket, (message) => message.id === 2 && message.error?.code === -32800);
    for (const id of [2, 99]) socket.send({ jsonrpc: "2.0", method: "rpc.cancel", params: { id } });
    socket.send({ ...PING, id: 3 });
    expect(await socket.message()).toEqual({ ...PONG, id: 3 });
  });

  judge(`${name} serves several connections, and the loss of one ends neither the others nor the process`, async () => {
    await using plugin = start();
    const [first, second] = [await plugin.ready(), await plugin.ready()];
    first.send(call(2, subject.endless));
    first.destroy();
    await first.closed;
    second.send(call(2, subject.object));
    expect(await second.message()).toEqual({ jsonrpc: "2.0", id: 2, result: subject.object.result });
    await expectAlive(plugin);
  });
}
