import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { defineContract, implement, method, notification, stream } from "../../src/index.js";
import { gate } from "../kit/gate.js";
import { RawHost } from "../kit/raw/raw-host.js";
import { hmac } from "../kit/raw/raw-plugin.js";
import type { RawSocket } from "../kit/raw/raw-socket.js";

gate();
const H = "ab".repeat(32);
const HELLO = { protocolVersions: [1], apiVersions: [1], challenge: H, framings: ["packets", "lines"], info: { name: "my-app" } };
const request = (id: number, name: string, params?: unknown): object => ({ jsonrpc: "2.0", id, method: name, params });

async function helloOf(socket: RawSocket): Promise<any> {
  socket.send(request(0, "rpc.hello", HELLO));
  return (await socket.message()).result;
}

test("[F42] a plugin answers the hello with its proof, its challenge and what it provides", async () => {
  const kv = defineContract("kv", { get: method(), watch: stream(), note: notification() });
  await using host = await RawHost.serve([implement(kv, { get: () => {}, watch: async function* () {}, note: () => {} })]);
  const socket = await host.connect();
  const answer = await helloOf(socket);
  expect(answer).toEqual({
    protocolVersion: 1,
    apiVersion: 1,
    challenge: expect.stringMatching(/^[0-9a-f]{64}$/),
    framing: "packets",
    texts: true,
    proof: hmac(host.secret, `plugin:${H}:${answer.challenge}`),
    provides: [{ name: "kv", members: { get: { kind: "method" }, watch: { kind: "stream" }, note: { kind: "notification" } } }],
    events: [],
    actions: [],
    hooks: [],
    info: { name: "test" },
  });
});

test("a plugin hands the config to configure() once, and answers when that is done", async () => {
  const configs: unknown[] = [];
  await using host = await RawHost.serve([], { configure: async (config) => void configs.push(config) });
  const socket = await host.connect();
  const { challenge } = await helloOf(socket);
  socket.send(request(1, "rpc.ready", { proof: hmac(host.secret, `host:${H}:${challenge}`), provides: [], config: { a: 1 }, more: true }));
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
  expect(configs).toEqual([{ a: 1 }]);
});

test("a plugin takes the hello and the ready in an array of one", async () => {
  const configs: unknown[] = [];
  await using host = await RawHost.serve([], { configure: (config) => void configs.push(config) });
  const socket = await host.connect();
  socket.send(request(0, "rpc.hello", [HELLO]));
  const { challenge } = (await socket.message()).result;
  socket.send(request(1, "rpc.ready", [{ proof: hmac(host.secret, `host:${H}:${challenge}`), provides: [], config: { a: 1 } }]));
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
  expect(configs).toEqual([{ a: 1 }]);
});

test("[F42] a hello of two values was the one that is taken: another closes", async () => {
  await using host = await RawHost.serve([]);
  const socket = await host.connect();
  socket.send(request(0, "rpc.hello", [HELLO, HELLO]));
  expect(await socket.message()).toMatchObject({ id: 0, error: { code: -32602 } });
  socket.send(request(1, "rpc.hello", HELLO));
  expect(await socket.line()).toBe(undefined);
});

test("[W6] a plugin whose configure() throws answers with the reason", async () => {
  await using host = await RawHost.serve([], {
    configure: () => {
      throw new Error("there is no disk space");
    },
  });
  const socket = await host.connect();
  const { challenge } = await helloOf(socket);
  socket.send(request(1, "rpc.ready", { proof: hmac(host.secret, `host:${H}:${challenge}`), provides: [] }));
  expect(await socket.message()).toMatchObject({ id: 1, error: { code: -32000, message: "there is no disk space" } });
});

const REFUSED: readonly [what: string, params: unknown, data: object | undefined][] = [
  ["[O24] names its apiVersions to a host that speaks none of them", { ...HELLO, apiVersions: [7] }, { apiVersions: [1] }],
  ["[O24] names its apiVersions to a host that lists none", { ...HELLO, apiVersions: [] }, { apiVersions: [1] }],
  ["[F37] names its protocol to a host that speaks another", { ...HELLO, protocolVersions: [2] }, { protocolVersions: [1] }],
  ["refuses apiVersions that are no numbers", { ...HELLO, apiVersions: ["1"] }, undefined],
  ["refuses a challenge that is none", { ...HELLO, challenge: H.toUpperCase() }, undefined],
  ["refuses a hello without anything", undefined, undefined],
  ["refuses a hello of two values", [HELLO, HELLO], undefined],
];
for (const [what, params, data] of REFUSED) {
  test(`a plugin ${what}`, async () => {
    await using host = await RawHost.serve([]);
    const socket = await host.connect();
    socket.send(request(0, "rpc.hello", params));
    const { id, error } = await socket.message();
    expect([id, error.code]).toEqual([0, -32602]);
    if (data !== undefined) expect(error.data).toEqual(data);
  });
}

const kv = defineContract("kv", { get: method() });
const OUT_OF_ORDER: readonly [what: string, message: object][] = [
  ["a call", request(0, "kv.get")],
  ["rpc.ping", request(0, "rpc.ping")],
  ["rpc.shutdown", request(0, "rpc.shutdown", { graceMs: 0 })],
  ["rpc.ready", request(0, "rpc.ready", { proof: H })],
  ["a notification", { jsonrpc: "2.0", method: "rpc.hello", params: HELLO }],
  ["a list of messages", [request(0, "rpc.hello", HELLO)]],
];
for (const [what, message] of OUT_OF_ORDER) {
  test(`[F42] a plugin closes without a word on ${what} as the first message, and runs nothing`, async () => {
    let runCount = 0;
    await using host = await RawHost.serve([implement(kv, { get: () => void runCount++ })], { configure: () => void runCount++ });
    const socket = await host.connect();
    socket.send(message);
    expect(await socket.line()).toBe(undefined);
    expect(runCount).toBe(0);
  });

  test(`[F42] a plugin closes on ${what} after the hello`, async () => {
    let runCount = 0;
    await using host = await RawHost.serve([implement(kv, { get: () => void runCount++ })], { configure: () => void runCount++ });
    const socket = await host.connect();
    await helloOf(socket);
    socket.send(Array.isArray(message) ? message : { ...message, id: 1 });
    expect(await socket.line()).toBe(undefined);
    expect(runCount).toBe(0);
  });
}

test("[F42] a plugin closes on a second hello", async () => {
  await using host = await RawHost.serve([]);
  const socket = await host.connect();
  await helloOf(socket);
  socket.send(request(1, "rpc.hello", HELLO));
  expect(await socket.line()).toBe(undefined);
});

test("[F42] a host that cannot prove the secret is closed, hears nothing, and no later message of its is read", async () => {
  let runCount = 0;
  await using host = await RawHost.serve([implement(kv, { get: () => void runCount++ })], { configure: () => void runCount++ });
  const elsewhere = await (await host.connect().then(helloOf)).challenge;
  for (const proof of [H, undefined, hmac(randomBytes(32).toString("hex"), `host:${H}:x`), hmac(host.secret, `host:${H}:${elsewhere}`)]) {
    const socket = await host.connect();
    await helloOf(socket);
    const messages = [request(1, "rpc.ready", { proof, provides: [], config: {} }), request(2, "kv.get"), request(3, "rpc.shutdown")];
    socket.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
    expect(await socket.line()).toBe(undefined);
  }
  expect(runCount).toBe(0);
  // The real host is not kept out.
  const real = await host.ready();
  real.send(request(2, "kv.get"));
  expect(await real.message()).toEqual({ jsonrpc: "2.0", id: 2, result: null });
});

test("[F42] a host cannot prove itself with the plugin's own proof", async () => {
  await using host = await RawHost.serve([]);
  const socket = await host.connect();
  const { proof } = await helloOf(socket);
  socket.send(request(1, "rpc.ready", { proof, provides: [] }));
  expect(await socket.line()).toBe(undefined);
});

for (const [what, begin] of [
  ["says nothing", async () => {}],
  ["says hello and no more", async (socket: RawSocket) => void (await helloOf(socket))],
] as const) {
  test(`[F42] a stranger that ${what} is closed after helloTimeoutMs`, async () => {
    await using host = await RawHost.serve([], { limits: { helloTimeoutMs: 50 } });
    const socket = await host.connect();
    await begin(socket);
    expect(await socket.line()).toBe(undefined);
  });
}

test("[F42] a stranger that drips is closed after helloTimeoutMs in all, not since its last byte", async () => {
  await using host = await RawHost.serve([], { limits: { helloTimeoutMs: 100 } });
  const socket = await host.connect();
  const drip = setInterval(() => socket.write(" "), 10);
  try {
    expect(await socket.line()).toBe(undefined);
  } finally {
    clearInterval(drip);
  }
});

test("provides that are no list are refused, with what is wrong", async () => {
  await using host = await RawHost.serve([]);
  const socket = await host.connect();
  const { challenge } = await helloOf(socket);
  socket.send(request(1, "rpc.ready", { proof: hmac(host.secret, `host:${H}:${challenge}`), provides: 5 }));
  expect((await socket.message()).error.message).toBe('what it says it provides cannot be used: "provides" is no list');
});
