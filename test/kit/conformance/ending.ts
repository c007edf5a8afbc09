import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect } from "vitest";
import { within } from "../own-time.js";
import { call, expectAlive, type Judging, PING, PONG, skipCallbacks } from "./subject.js";

/** Sections 1 and 4: how the process ends, and with whom. */
export function judgeEnding({ judge, name, start, subject }: Judging): void {
  judge(`[O26] ${name} answers rpc.shutdown on any connection, closes its listener and exits 0`, async () => {
    await using plugin = start();
    await plugin.ready();
    const socket = await plugin.ready();
    socket.send({ jsonrpc: "2.0", id: "end", method: "rpc.shutdown", params: { graceMs: 2_000 } });
    expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: "end", result: {} });
    expect(await plugin.exited).toBe(0);
  });

  const { held } = subject;
  if (held !== undefined) {
    judge(`[O26, F77] ${name} refuses new calls with -32003 at rpc.shutdown, and finishes what runs`, async () => {
      await using plugin = start();
      const socket = await plugin.ready();
      socket.send(call(2, held));
      const asked = await skipCallbacks(socket, (message) => message.method === held.calls && message.id !== undefined);
      socket.send({ jsonrpc: "2.0", id: 3, method: "rpc.shutdown", params: { graceMs: 10_000 } });
      socket.send(call(4, subject.object));
      expect(await socket.message()).toMatchObject({ id: 4, error: { code: -32003 } });
      socket.send({ ...PING, id: 5 });
      expect(await socket.message()).toEqual({ ...PONG, id: 5 });
      socket.send({ jsonrpc: "2.0", id: asked.id, result: held.answer });
      expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 2, result: held.result });
      expect((await socket.message()).id).toBe(3);
      expect(await plugin.exited).toBe(0);
    });
  }

  for (const [lifeline, transport] of [
    ["fd:3", "tcp"],
    ["fd:3", "unix"],
    ["stdin", "tcp"],
  ] as const) {
    judge(
      `[O34] ${name} ends within 1 s of its lifeline, ${lifeline}, with a call running, and leaves nothing, over ${transport}`,
      async () => {
        await using plugin = start({ PLUGIN_TRANSPORT: transport, PLUGIN_LIFELINE: lifeline });
        const [, , , address = ""] = await plugin.announcement();
        (await plugin.ready()).send(call(2, subject.endless));
        await expectAlive(plugin);
        if (lifeline === "stdin") plugin.child.stdin?.end();
        else plugin.lifeline.destroy();
        await within(1_000, plugin.exited);
        expect(existsSync(address)).toBe(false);
      },
    );
  }

  judge(`[O22] ${name} leaves stdin alone when that is no lifeline`, async () => {
    await using plugin = start();
    await plugin.announcement();
    plugin.child.stdin?.end();
    await once(plugin.child.stdin as NodeJS.WritableStream, "close");
    await expectAlive(plugin);
  });
}
