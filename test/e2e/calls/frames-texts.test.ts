import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { mixedFrame } from "../../../src/wire/framing/frames.js";
import { memoryLogger, rejection, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { hmac, RawPlugin } from "../../kit/raw/raw-plugin.js";
import type { RawSocket } from "../../kit/raw/raw-socket.js";

gate();
const KIB = 1024;
const CHALLENGE = "cd".repeat(32);
// The plugin gives back whatever it gets.
const texts = defineContract("bytes", {
  echo: method<{ data: unknown }, { data: unknown }>(),
  items: stream<{ data: unknown; count: number }, { data: unknown }>(),
  callback: method<{ data: unknown; back: (data: unknown) => unknown }, unknown>(),
  askHost: method<unknown, unknown>(),
});
const raw = defineContract("raw", { call: method<unknown, unknown>() });
const ui = defineContract("ui", { echo: method<unknown, unknown>() });
const LONG = 'A line of "prose", ünïcödé and 💬.\n'.repeat(2_000);

for (const transport of ["tcp", "unix", "websocket"] as const) {
  test(`long texts arrive equal in inputs, results, items and callbacks, both ways, over ${transport}`, async () => {
    await using client = await startFixture("carries-bytes", { transport, provides: [implement(ui, { echo: (data) => data })] });
    const plugin = await client.dispense(texts);
    const half = `${"x".repeat(64 * KIB)}\ud800`;
    for (const data of ["x".repeat(1024 * KIB), LONG, half, { a: [LONG, { b: LONG }], bytes: Uint8Array.of(1), short: "x" }]) {
      expect((await plugin.echo({ data })).data).toStrictEqual(data);
      for await (const item of plugin.items({ data, count: 2 })) expect(item.data).toStrictEqual(data);
      let given: unknown;
      expect(await plugin.callback({ data, back: (got) => (given = got) })).toStrictEqual(data);
      expect(given).toStrictEqual(data);
      expect(await plugin.askHost(data)).toStrictEqual(data);
    }
  });
}

test("[F54] a longer text than a message may be is LIMIT_EXCEEDED on the side that made it, and the connection lives", async () => {
  const limits = { maxMessageBytes: 64 * KIB };
  await using client = await startFixture("carries-bytes", { limits, logger: memoryLogger(), args: [String(64 * KIB)] });
  const plugin = await client.dispense(texts);
  expect((await plugin.echo({ data: "x".repeat(63 * KIB) })).data).toHaveLength(63 * KIB);
  const error = await rejection(plugin.echo({ data: "x".repeat(64 * KIB) }));
  expect([error["code"], error.message]).toEqual(["LIMIT_EXCEEDED", expect.stringContaining("its input is longer than 65536 bytes")]);
  expect((await plugin.echo({ data: "x" })).data).toBe("x");
});

/** A plugin that has answered the hello and the ready, and turned to frames. */
async function framePlugin(plugin: RawPlugin, more: object): Promise<RawSocket> {
  const socket = (await plugin.connection()).readBytes();
  const { id, params } = await socket.message();
  expect(params.texts).toBe(true);
  const proof = hmac(plugin.env["PLUGIN_SECRET"] as string, `plugin:${params.challenge}:${CHALLENGE}`);
  const provides = [{ name: "raw", members: { call: { kind: "method" } } }];
  const result = { protocolVersion: 1, apiVersion: 1, challenge: CHALLENGE, framing: "packets", proof, provides, events: [], actions: [] };
  socket.send({ jsonrpc: "2.0", id, result: { ...result, ...more } });
  const ready = await socket.message();
  socket.send({ jsonrpc: "2.0", id: ready.id, result: {} });
  return socket;
}

test("a plugin that takes no texts beside the JSON gets them in it", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const started = client.start();
  const socket = await framePlugin(plugin, {});
  await started;
  const failed = rejection((await client.dispense(raw)).call({ text: LONG }));
  const frame = await socket.frame();
  expect([frame?.kind, JSON.parse(String(frame?.body)).params]).toEqual([0, { text: LONG }]);
  socket.destroy();
  expect((await failed)["code"]).toBe("CONNECTION_LOST");
  await client.kill();
});

test("a plugin that takes texts beside the JSON gets the long ones there, and answers with its own", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const started = client.start();
  const socket = await framePlugin(plugin, { texts: true });
  await started;
  const called = (await client.dispense(raw)).call({ text: LONG, short: "ü" });
  const body = (await socket.frame())?.body as Buffer;
  const end = 4 + body.readUInt32BE(0);
  const asked = JSON.parse(body.toString("utf8", 4, end));
  expect(asked).toMatchObject({ params: { text: null, short: "ü" }, refs: { "/text": { text: [0, Buffer.byteLength(LONG)] } } });
  expect(body.toString("utf8", end)).toBe(LONG);
  const answer = { jsonrpc: "2.0", id: asked.id, result: [null, null], refs: { "/0": { text: [0, 2] }, "/1": { bytes: [0, 2] } } };
  socket.write(Buffer.concat(mixedFrame(JSON.stringify(answer), [Buffer.from("ü")])));
  expect(await called).toStrictEqual(["ü", Uint8Array.from(Buffer.from("ü"))]);
  socket.destroy();
  await client.kill();
});

test("[F53, F56] a text that is not UTF-8 closes the connection", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client({ logger: memoryLogger() });
  const started = client.start();
  const socket = await framePlugin(plugin, { texts: true });
  await started;
  const failed = rejection((await client.dispense(raw)).call(1));
  const { id } = JSON.parse(String((await socket.frame())?.body));
  const answer = { jsonrpc: "2.0", id, result: null, refs: { "": { text: [0, 1] } } };
  socket.write(Buffer.concat(mixedFrame(JSON.stringify(answer), [Uint8Array.of(0xff)])));
  const error = await failed;
  expect(error["code"]).toBe("CONNECTION_LOST");
  expect(error.message).toContain('it sent a line that is no message: its ref at "" is of no known form');
  await client.kill();
});
