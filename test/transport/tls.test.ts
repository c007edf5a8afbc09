import { once } from "node:events";
import { type AddressInfo, connect, createServer as createPlainServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer, type TlsOptions as ServerTlsOptions } from "node:tls";
import { expect, test } from "vitest";
import { derOf, makeCertificate } from "../../src/transport/certificate.js";
import { dial } from "../../src/transport/dial.js";
import { acceptTls, type TlsOptions } from "../../src/transport/tls.js";
import type { Address } from "../../src/util/address.js";
import type { Channel } from "../../src/wire/channel.js";
import type { Limits } from "../../src/wire/limits.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { Door, Ear, TRANSPORTS } from "./ends.js";

gate();

const host = makeCertificate();
const plugin = makeCertificate();
const forPlugin: TlsOptions = { context: plugin, pinned: derOf(host.cert) };
const forHost: TlsOptions = { context: host, pinned: derOf(plugin.cert) };

function dialTls(
  { address, protocol }: Pick<Door["listener"], "address" | "protocol">,
  tls: TlsOptions,
  limits: Limits = {},
): Promise<Channel> {
  return dial(address, protocol, {
    limits: limitsOf(limits),
    signal: new AbortController().signal,
    tls: { ...tls, names: ["localhost"] },
  });
}

function targetOf(address: Address): { path: string } | { host: string; port: number } {
  return address.network === "unix" ? { path: address.path } : { host: address.host, port: address.port };
}

function addressOf(server: Server): Address {
  return { network: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

/** Everything that comes until the other side has closed a connection. */
async function heard(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return text;
}

/** Shows that the real host still gets in, and is heard. */
async function expectsReal(door: Door): Promise<void> {
  const channel = await dialTls(door.listener, forHost);
  const [mine, theirs] = [new Ear(channel), new Ear(await door.channel())];
  channel.send('{"from":"host"}');
  expect(await theirs.line()).toBe('{"from":"host"}');
  theirs.channel.send('{"from":"plugin"}');
  expect(await mine.line()).toBe('{"from":"plugin"}');
  channel.close();
  await Promise.all([mine.closed, theirs.closed]);
}

for (const transport of TRANSPORTS) {
  test(`[O30] two sides that know each other's certificate speak TLS over ${transport}`, async () => {
    await using door = await Door.open(transport, {}, forPlugin);
    await expectsReal(door);
  });

  test(`[O30, F90] whoever shows no certificate, or another one, is cut off and arrives nowhere, over ${transport}`, async () => {
    await using door = await Door.open(transport, {}, forPlugin);
    const target = targetOf(door.listener.address);
    for (const own of [{}, makeCertificate(), plugin, { cert: plugin.cert, key: plugin.key, ca: host.cert }]) {
      const stranger = connectTls({ ...target, ...own, rejectUnauthorized: false });
      stranger.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
      expect(await heard(stranger)).toBe("");
    }
    expect(door.waitingCount).toBe(0);
    await expectsReal(door);
  });

  test(`[F88] a plain client is cut off where TLS is spoken, over ${transport}`, async () => {
    await using door = await Door.open(transport, {}, forPlugin);
    const stranger = connect(targetOf(door.listener.address) as { port: number });
    stranger.write('{"jsonrpc":"2.0","id":0,"method":"rpc.hello"}\n');
    // An alert at most: nothing of what is behind the door.
    expect((await heard(stranger)).length).toBeLessThanOrEqual(7);
    expect(door.waitingCount).toBe(0);
    await expectsReal(door);
  });

  test(`[F42, F88] a certificate that is not the one announced ends the attempt, over ${transport}`, async () => {
    await using door = await Door.open(transport, {}, forPlugin);
    const error = await rejection(dialTls(door.listener, { context: host, pinned: derOf(makeCertificate().cert) }));
    expect([error["code"], error.message]).toEqual([
      "BAD_HANDSHAKE",
      "it was connected to, and told nothing: its certificate is not the one that it announced",
    ]);
  });

  test(`[F88] a host that speaks TLS to a plain listener gives up by itself, over ${transport}`, async () => {
    await using door = await Door.open(transport, { helloTimeoutMs: 400 });
    const error = await rejection(dialTls(door.listener, forHost, { helloTimeoutMs: 200 }));
    expect(error.message).toMatch(
      /^it ended the connection where TLS was to begin$|: it does not speak TLS there$|did not begin TLS in 200 ms$/,
    );
  });

  test(`[F91] a connection on which TLS never begins is closed after helloTimeoutMs, over ${transport}`, async () => {
    await using door = await Door.open(transport, { helloTimeoutMs: 100 }, forPlugin);
    const silent = connect(targetOf(door.listener.address) as { port: number });
    expect(await heard(silent)).toBe("");
  });

  test(`[F91] of more than 64 connections on which TLS has not begun the oldest goes, over ${transport}`, async () => {
    await using door = await Door.open(transport, {}, forPlugin);
    const strangers: Socket[] = [];
    for (let count = 0; count < 64; count++) {
      const stranger = connect(targetOf(door.listener.address) as { port: number });
      stranger.on("error", () => {});
      strangers.push(stranger);
      await once(stranger, "connect");
    }
    const first = once(strangers[0] as Socket, "close");
    (strangers[0] as Socket).resume();
    await expectsReal(door);
    await first;
    for (const stranger of strangers) stranger.destroy();
  });
}

test("[F91] a listener that takes connections and never begins TLS fails the attempt", async () => {
  const server = createPlainServer((socket) => void socket.on("error", () => {}).resume());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const error = await rejection(dialTls({ address: addressOf(server), protocol: "jsonrpc" }, forHost, { helloTimeoutMs: 100 }));
  expect([error["code"], error.message]).toEqual(["CALL_TIMEOUT", "it was connected to, and did not begin TLS in 100 ms"]);
  await new Promise((resolve) => server.close(resolve));
});

test("[F40, F91] a listener that begins TLS and no WebSocket fails the attempt", async () => {
  const server = createPlainServer((socket) => acceptTls(socket, forPlugin, (secured) => void secured.on("error", () => {}).resume()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const error = await rejection(dialTls({ address: addressOf(server), protocol: "jsonrpc+ws" }, forHost, { helloTimeoutMs: 200 }));
  expect([error["code"], error.message]).toEqual(["CALL_TIMEOUT", "it was connected to, and did not begin a WebSocket in 200 ms"]);
  await new Promise((resolve) => server.close(resolve));
});

test("an attempt that is aborted while TLS begins ends with the signal's reason", async () => {
  const abort = new AbortController();
  const server = createPlainServer((socket) => {
    socket.on("error", () => {}).resume();
    abort.abort(new Error("enough"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const attempt = dial(addressOf(server), "jsonrpc", { limits: limitsOf(), signal: abort.signal, tls: { ...forHost, names: [] } });
  expect((await rejection(attempt)).message).toBe("enough");
  await new Promise((resolve) => server.close(resolve));
});

test("[F88] what is pinned is spoken to in TLS 1.3 alone", async () => {
  const options: ServerTlsOptions = { ...plugin, maxVersion: "TLSv1.2" };
  const server = createTlsServer(options).listen(0, "127.0.0.1");
  server.on("tlsClientError", () => {});
  await once(server, "listening");
  const error = await rejection(dialTls({ address: addressOf(server), protocol: "jsonrpc" }, forHost));
  expect(error.message).toBe("it was connected to, and told nothing: it speaks no version of TLS that is new enough");
  await new Promise((resolve) => server.close(resolve));
});
