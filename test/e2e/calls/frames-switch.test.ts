import { expect, test } from "vitest";
import { defineContract, implement, method, notification } from "../../../src/index.js";
import { linesFrame, mixedFrame } from "../../../src/wire/framing/frames.js";
import { rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawHost } from "../../kit/raw/raw-host.js";
import { hmac, RawPlugin } from "../../kit/raw/raw-plugin.js";
import type { RawSocket } from "../../kit/raw/raw-socket.js";

gate();
const CHALLENGE = "cd".repeat(32);
const raw = defineContract("raw", { call: method<unknown, unknown>() });
const notes = defineContract("raw", { call: notification<{ data: Uint8Array }>() });
const ui = defineContract("ui", { echo: method<{ data: Uint8Array }, Uint8Array>() });
const echo = implement(ui, { echo: ({ data }) => data });
const BYTES = Uint8Array.of(0, 10, 255, 128);

const line = (message: object): Buffer => Buffer.from(`${JSON.stringify(message)}\n`);
const request = (id: number, name: string, params?: unknown): object => ({ jsonrpc: "2.0", id, method: name, params });
const echoRaw = (id: number): Buffer => {
  const message = { ...request(id, "ui.echo", { data: null }), refs: { "/data": { bytes: [0, BYTES.length] } } };
  return Buffer.concat(mixedFrame(JSON.stringify(message), [BYTES]));
};

/** The next frame, whichever kind it is. */
async function message(socket: RawSocket): Promise<any> {
  const frame = await socket.frame();
  if (frame === undefined) return undefined;
  const { kind, body } = frame;
  if (kind === 0) return JSON.parse(body.toString());
  const end = 4 + body.readUInt32BE(0);
  return { ...JSON.parse(body.toString("utf8", 4, end)), raw: new Uint8Array(body.subarray(end)) };
}

/** Reads the hello and answers it; what the host says next is its rpc.ready. */
async function answerHello(plugin: RawPlugin, framing: string | undefined, kind = "method"): Promise<RawSocket> {
  const socket = (await plugin.connection()).readBytes();
  const { id, params } = await socket.message();
  expect(params.framings).toEqual(["packets", "lines"]);
  const proof = hmac(plugin.env["PLUGIN_SECRET"] as string, `plugin:${params.challenge}:${CHALLENGE}`);
  const provides = [{ name: "raw", members: { call: { kind } } }];
  const result = { protocolVersion: 1, apiVersion: 1, challenge: CHALLENGE, framing, proof, provides, events: [], actions: [] };
  socket.send({ jsonrpc: "2.0", id, result });
  return socket;
}

test("[F55] a host sends frames right after its rpc.ready line, and reads them right after the line that answers it, in one chunk", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client({ provides: [echo] });
  const started = client.start();
  const socket = await answerHello(plugin, "packets");
  const ready = await socket.message();
  // From its configure: lines still, answered with frames.
  const refs = { "/data": { bytes: Buffer.from(BYTES).toString("base64") } };
  socket.send({ ...request(7, "ui.echo", { data: null }), refs });
  expect(await message(socket)).toEqual({ jsonrpc: "2.0", id: 7, result: null, refs: { "": { bytes: [0, 4] } }, raw: BYTES });
  // Two lines, and two frames after them, in one chunk.
  const ping = line(request(8, "rpc.ping"));
  socket.write(Buffer.concat([ping, line({ jsonrpc: "2.0", id: ready.id, result: {} }), echoRaw(9), linesFrame(ping.toString())]));
  await started;
  expect([await message(socket), await message(socket), await message(socket)]).toMatchObject([
    { id: 8, result: "pong" },
    { id: 9, raw: BYTES },
    { id: 8, result: "pong" },
  ]);
  const called = (await client.dispense(raw)).call({ x: [BYTES] });
  const asked = await message(socket);
  expect(asked).toMatchObject({ params: { x: [null] }, refs: { "/x/0": { bytes: [0, 4] } }, raw: BYTES });
  socket.write(linesFrame(JSON.stringify({ jsonrpc: "2.0", id: asked.id, result: "ü" })));
  expect(await called).toBe("ü");
  socket.destroy();
  await client.kill();
});

for (const framing of ["lines", undefined]) {
  test(`a plugin that answers framing ${framing} gets lines and base64, and is read by lines`, async () => {
    await using plugin = await RawPlugin.listen();
    const client = plugin.client();
    const started = client.start();
    const socket = await answerHello(plugin, framing);
    const { id } = await socket.message();
    socket.write(line({ jsonrpc: "2.0", id, result: {} }));
    await started;
    const called = (await client.dispense(raw)).call({ x: BYTES });
    const asked = await socket.message();
    expect(asked).toMatchObject({ params: { x: null }, refs: { "/x": { bytes: "AAr/gA==" } } });
    socket.send({ jsonrpc: "2.0", id: asked.id, result: null, refs: { "": { bytes: "AAr/gA==" } } });
    expect(await called).toStrictEqual(BYTES);
    socket.destroy();
    await client.kill();
  });
}

for (const [what, bytes] of [
  ["out of range", [1, 4]],
  ["before the first", [-1, 1]],
  ["with a fraction", [0, 1.5]],
] as const) {
  test(`[F53] refs to raw bytes ${what} close the connection`, async () => {
    await using plugin = await RawPlugin.listen();
    const client = plugin.client();
    const started = client.start();
    const socket = await answerHello(plugin, "packets");
    const { id } = await socket.message();
    socket.write(line({ jsonrpc: "2.0", id, result: {} }));
    await started;
    const failed = rejection((await client.dispense(raw)).call(1));
    const asked = await message(socket);
    const answer = JSON.stringify({ jsonrpc: "2.0", id: asked.id, result: null, refs: { "": { bytes } } });
    socket.write(Buffer.concat([...mixedFrame(answer, [BYTES]), linesFrame(JSON.stringify({ jsonrpc: "2.0", id: asked.id, result: 1 }))]));
    const error = await failed;
    expect(error["code"]).toBe("CONNECTION_LOST");
    expect(error.message).toContain('it sent a line that is no message: its ref at "" is of no known form');
    expect(await message(socket)).toMatchObject({ id: null, error: { code: -32600 } });
    expect(await message(socket)).toBeUndefined();
    await client.kill();
  });
}

test("[F55] a plugin reads frames right after the rpc.ready line, in one chunk, sends lines until it has answered that, and frames after", async () => {
  let configured!: () => void;
  const configure = (): Promise<void> => new Promise((resolve) => void (configured = resolve));
  await using host = await RawHost.serve([echo], { configure });
  const socket = (await host.connect()).readBytes();
  const params = { protocolVersions: [1], apiVersions: [1], challenge: CHALLENGE, framings: ["packets", "lines"], info: { name: "raw" } };
  socket.send(request(0, "rpc.hello", params));
  const { result } = await socket.message();
  expect(result.framing).toBe("packets");
  const proof = hmac(host.secret, `host:${CHALLENGE}:${result.challenge}`);
  const ready = line(request(1, "rpc.ready", { proof, provides: [], config: {} }));
  socket.write(Buffer.concat([ready, linesFrame(line(request(2, "rpc.ping")).toString()), echoRaw(3)]));
  // Until it is configured it answers by the line, and runs nothing.
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 2, result: "pong" });
  expect(await socket.message()).toMatchObject({ id: 3, error: { code: -32002 } });
  configured();
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
  socket.write(echoRaw(4));
  expect(await message(socket)).toEqual({ jsonrpc: "2.0", id: 4, result: null, refs: { "": { bytes: [0, 4] } }, raw: BYTES });
});

test("notifications with bytes resolve in order as they are handed to the system, and reject where they never are", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const started = client.start();
  const socket = await answerHello(plugin, "packets", "notification");
  const { id } = await socket.message();
  socket.write(line({ jsonrpc: "2.0", id, result: {} }));
  await started;
  const remote = await client.dispense(notes);
  await remote.call({ data: BYTES });
  expect(await message(socket)).toMatchObject({ method: "raw.call", params: { data: null }, raw: BYTES });
  socket.socket.pause();
  const order: number[] = [];
  const data = new Uint8Array(4 * 1024 * 1024);
  const handed = Array.from({ length: 8 }, (_, index) => remote.call({ data }).then(() => void order.push(index)));
  const settled = Promise.allSettled(handed);
  socket.destroy();
  const codes = (await settled).flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
  expect(order).toEqual([...order.keys()]);
  expect(codes).toHaveLength(8 - order.length);
  expect(codes.at(-1)).toBe("NOT_SENT");
  expect(codes.every((code) => code === "NOT_SENT" || code === "CONNECTION_LOST")).toBe(true);
  await client.kill();
});
