import { expect, test } from "vitest";
import { defineContract, method } from "../../../src/index.js";
import { clientFor } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawHost } from "../../kit/raw/raw-host.js";
import { RawPlugin } from "../../kit/raw/raw-plugin.js";

gate();
const echo = defineContract("echo", { echo: method<unknown, unknown>() });

for (const transport of ["tcp", "unix", "websocket"] as const) {
  test(`[O19] dispense() gives a typed object whose calls run in the plugin, over ${transport}`, async () => {
    const client = clientFor("echo", { transport });
    const remote = await client.dispense(echo);
    expect(await remote.echo({ a: [1, "ü"] })).toEqual({ a: [1, "ü"] });
    expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  });
}

test("a raw plugin answers a host's call", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const answer = connection.call("raw.call", { x: 1 });
  const { id, method, params } = await socket.message();
  expect([method, params]).toEqual(["raw.call", { x: 1 }]);
  socket.send({ jsonrpc: "2.0", id, result: 7 });
  expect(await answer).toBe(7);
  await client.kill();
});

test("a raw host calls a plugin's server", async () => {
  await using host = await RawHost.serve([]);
  const socket = await host.ready();
  socket.send({ jsonrpc: "2.0", id: 2, method: "rpc.ping" });
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 2, result: "pong" });
});
