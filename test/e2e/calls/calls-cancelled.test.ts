import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { type Client, defineContract, method } from "../../../src/index.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawPlugin } from "../../kit/raw/raw-plugin.js";

gate();
const calls = defineContract("calls", { hold: method<number, number>(), never: method<string, void>(), aborted: method<void, string[]>() });
const start = async () => {
  const client: Client = clientFor("holds-calls");
  return { client, ...(await client.dispense(calls)) };
};

test("[F69] a caller that aborts is rejected at once with its own reason, and the handler's signal aborts", async () => {
  const { client, never, aborted } = await start();
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  const call = rejection(never("one", { signal: controller.signal }));
  expect(await aborted()).toEqual([]);
  controller.abort(reason);
  expect(await call).toBe(reason);
  expect(await aborted()).toEqual(["one: CANCELLED"]);
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  await client.kill();
});

test("[F69, F71] AbortSignal.timeout() and timeoutMs end a call whose handler never settles, on both sides", async () => {
  const { client, never, aborted } = await start();
  const [own, ours] = await Promise.all([
    rejection(never("own", { signal: AbortSignal.timeout(20) })),
    rejection(never("ours", { timeoutMs: 20 })),
  ]);
  expect(own.name).toBe("TimeoutError");
  expect(ours).toMatchObject({ name: "PluginError", code: "CALL_TIMEOUT" });
  expect(ours.message).toMatch(
    /^Gave up the call of "calls\.never": plugin ".*holds-calls\.mjs" did not answer in 20 ms; it may have run$/,
  );
  expect((await aborted()).sort()).toEqual(["ours: CANCELLED", "own: CANCELLED"]);
  await client.kill();
});

test("[F11] a host that was stalled reads the answers that wait before it times calls out", async () => {
  const { client, hold } = await start();
  const call = hold(50, { timeoutMs: 200 });
  await new Promise((resolve) => setImmediate(resolve));
  // As a host does that computes, or whose machine slept: nothing is read, and every timer is overdue.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  expect(await call).toBe(50);
  await client.kill();
});

test("[F50] a plugin that answers twice, late or to nobody does no harm, and a late answer is dropped", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const controller = new AbortController();
  const given = rejection(connection.call("raw.call", 1, { signal: controller.signal }));
  const { id } = await socket.message();
  controller.abort("enough");
  expect(await given).toBe("enough");
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", method: "rpc.cancel", params: { id } });
  const call = connection.call("raw.call", 2);
  const second = (await socket.message()).id;
  for (const [late, result] of [
    [id, "late"],
    [second, "once"],
    [second, "twice"],
    [999, "to nobody"],
  ])
    socket.send({ jsonrpc: "2.0", id: late, result });
  expect(await call).toBe("once");
  const ping = connection.ping();
  socket.send({ jsonrpc: "2.0", id: (await socket.message()).id, result: "pong" });
  expect(await ping).toBeGreaterThan(0);
  const killed = client.kill();
  socket.send({ jsonrpc: "2.0", id: (await socket.message()).id, result: {} });
  plugin.exit();
  await killed;
});
