// json-rpc-2.0's own client and server, which know nothing of us, as the other side: what they send and take is JSON-RPC as others read it.
import { randomBytes } from "node:crypto";
import { JSONRPCClient, JSONRPCErrorException, JSONRPCServer, JSONRPCServerAndClient } from "json-rpc-2.0";
import { expect, test } from "vitest";
import { defineContract, implement, method, notification, PluginError } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawHost } from "../../kit/raw/raw-host.js";
import { hmac, RawPlugin } from "../../kit/raw/raw-plugin.js";
import type { RawSocket } from "../../kit/raw/raw-socket.js";

gate();

const store = defineContract("store", {
  get: method<unknown, unknown>(),
  nothing: method(),
  fail: method<{ text: string }>(),
  refuse: method(),
  put: notification<unknown>(),
  askHost: method<unknown, unknown>(),
});
const asking = defineContract("asking", { ask: method<unknown, unknown>(), tell: notification<unknown>() });

/** Lets json-rpc-2.0 speak over a socket that is past the handshake. */
function speak(socket: RawSocket): JSONRPCServerAndClient {
  const send = (payload: unknown): void => socket.send(payload);
  const both = new JSONRPCServerAndClient(
    new JSONRPCServer({ errorListener: () => {} }),
    new JSONRPCClient(async (payload) => send(payload)),
  );
  void (async () => {
    for (let message = await socket.message(); message !== undefined; message = await socket.message()) void both.receiveAndSend(message);
    both.rejectAllPendingRequests("The connection was closed");
  })();
  return both;
}

/** The first exchange, by hand. */
async function shakeHands(socket: RawSocket, secret: string, provides: readonly object[]): Promise<void> {
  const challenge = randomBytes(32).toString("hex");
  socket.send({ jsonrpc: "2.0", id: 0, method: "rpc.hello", params: { protocolVersions: [1], apiVersions: [1], challenge } });
  const { result } = await socket.message();
  const proof = hmac(secret, `host:${challenge}:${result.challenge}`);
  socket.send({ jsonrpc: "2.0", id: 1, method: "rpc.ready", params: { proof, provides, config: {} } });
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
}

async function serveStore(puts: unknown[] = []): Promise<RawHost> {
  return RawHost.serve([
    implement(store, {
      get: (value) => value,
      nothing: () => {},
      fail: ({ text }) => {
        throw Object.assign(new TypeError(text), { code: "E_STORE", data: { key: 1 } });
      },
      refuse: () => {
        throw new PluginError("UNAUTHORIZED", "Not for you");
      },
      put: (value) => void puts.push(value),
      askHost: (question, { peer }) => peer.dispense(asking).ask(question),
    }),
  ]);
}

test("a foreign client calls our plugin with objects, lists and nothing, and gets null for nothing", async () => {
  await using host = await serveStore();
  const client = speak(await host.ready());
  expect(await client.request("store.get", { a: [1, "ü"] }, undefined)).toEqual({ a: [1, "ü"] });
  expect(await client.request("store.get", ["value"], undefined)).toBe("value");
  expect(await client.request("store.get", [[1, 2]], undefined)).toEqual([1, 2]);
  expect(await client.request("store.get", undefined as never, undefined)).toBe(null);
  expect(await client.request("store.nothing", undefined as never, undefined)).toBe(null);
  expect(await client.request("rpc.ping", undefined as never, undefined)).toBe("pong");
});

test("a foreign client has a thousand calls out at once, and each gets its own answer", async () => {
  await using host = await serveStore();
  const client = speak(await host.ready());
  const numbers = Array.from({ length: 1_000 }, (_, index) => index);
  expect(await Promise.all(numbers.map((number) => client.request("store.get", [number], undefined)))).toEqual(numbers);
});

test("[F70, F48] a foreign client learns the code, the text and the data of what went wrong, and no stack", async () => {
  await using host = await serveStore();
  const client = speak(await host.ready());
  const thrown = await rejection(client.request("store.fail", { text: "The store is full" }, undefined));
  expect(thrown).toMatchObject({ code: -32000, message: "The store is full" });
  expect(thrown["data"]).toEqual({ name: "TypeError", code: "E_STORE", data: { key: 1 } });
  expect(await rejection(client.request("store.refuse", {}, undefined))).toMatchObject({ code: -32001, message: "Not for you" });
  for (const name of ["store.none", "none.get", "constructor", "__proto__"]) {
    expect(await rejection(client.request(name, {}, undefined)), name).toMatchObject({ code: -32601 });
  }
});

test("a foreign client's notifications arrive, in order, and are not answered", async () => {
  const puts: unknown[] = [];
  await using host = await serveStore(puts);
  const client = speak(await host.ready());
  client.notify("store.put", { a: 1 }, undefined);
  client.notify("store.put", [2], undefined);
  client.notify("store.unknown", [3], undefined);
  expect(await client.request("rpc.ping", undefined as never, undefined)).toBe("pong");
  expect(puts).toEqual([{ a: 1 }, 2]);
});

test("[O20] a foreign host answers what our plugin asks it, while its own call waits", async () => {
  await using host = await serveStore();
  const socket = await host.connect();
  const provides = [{ name: "asking", members: { ask: { kind: "method" }, tell: { kind: "notification" } } }];
  await shakeHands(socket, host.secret, provides);
  const client = speak(socket);
  client.addMethod("asking.ask", async (params: unknown) => ({ asked: params }));
  expect(await client.request("store.askHost", { why: 1 }, undefined)).toEqual({ asked: { why: 1 } });
  expect(await client.request("store.askHost", ["text"], undefined)).toEqual({ asked: ["text"] });
  client.addMethod("asking.ask", () => {
    throw new Error("Nobody is at home");
  });
  expect(await rejection(client.request("store.askHost", {}, undefined))).toMatchObject({
    code: -32000,
    message: expect.stringContaining("Nobody is at home"),
  });
});

test("[F72] a foreign client's batch closes the connection, and its calls are rejected", async () => {
  await using host = await serveStore();
  const socket = await host.ready();
  const client = speak(socket);
  const requests = [5, 6].map((id) => ({ jsonrpc: "2.0" as const, id, method: "store.get", params: [id] }));
  const answers = await client.requestAdvanced(requests, undefined);
  await socket.closed;
  expect(answers.map(({ error }) => error?.message)).toEqual(["The connection was closed", "The connection was closed"]);
});

test("[O19, F70] a foreign plugin answers our host's calls, with objects, values and nothing, and its errors arrive", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready("foreign", { echo: "method" }), client.client()]);
  const server = speak(socket);
  server.addMethod("foreign.echo", (params: unknown) => params);
  server.addMethod("foreign.nothing", () => {});
  server.addMethod("foreign.fail", () => {
    throw new JSONRPCErrorException("The door is shut", -7, { door: 1 });
  });
  server.addMethod("rpc.ping", () => "pong");
  expect(await connection.call("foreign.echo", { a: 1 })).toEqual({ a: 1 });
  expect(await connection.call("foreign.echo", "text")).toEqual(["text"]);
  expect(await connection.call("foreign.echo", [1])).toEqual([[1]]);
  expect(await connection.call("foreign.nothing")).toBe(null);
  expect(await connection.ping()).toEqual(expect.any(Number));
  expect(await rejection(connection.call("foreign.fail"))).toMatchObject({
    code: "REMOTE_ERROR",
    message: expect.stringContaining("The door is shut"),
  });
  expect(await rejection(connection.call("foreign.absent"))).toMatchObject({ code: "NOT_PROVIDED" });
  await client.kill();
});

test("[O20] a foreign plugin calls and notifies what our host provides, while it is called itself", async () => {
  const told: unknown[] = [];
  await using plugin = await RawPlugin.listen();
  const asked = implement(asking, { ask: (question) => ({ answer: question }), tell: (value) => void told.push(value) });
  const client = plugin.client({ provides: [asked] });
  const [socket, connection] = await Promise.all([plugin.ready("foreign", { relay: "method" }), client.client()]);
  const server = speak(socket);
  server.addMethod("foreign.relay", async (params: unknown) => {
    server.notify("asking.tell", ["first"], undefined);
    return server.request("asking.ask", params as object, undefined);
  });
  expect(await connection.call("foreign.relay", { a: 1 })).toEqual({ answer: { a: 1 } });
  expect(told).toEqual(["first"]);
  expect(await rejection(server.request("asking.none", {}, undefined))).toMatchObject({ code: -32601 });
  await client.kill();
});

test("[O26] a foreign plugin is asked to stop by rpc.shutdown, and ends unforced", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client({ killTimeoutMs: 5_000 });
  const [socket] = await Promise.all([plugin.ready("foreign"), client.client()]);
  const asked: unknown[] = [];
  speak(socket).addMethod("rpc.shutdown", (params: unknown) => {
    asked.push(params);
    setImmediate(() => plugin.exit(0)); // After the answer.
    return null;
  });
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect(asked).toEqual([{ graceMs: 5_000 }]);
  expect(plugin.signals).toEqual([]);
});
