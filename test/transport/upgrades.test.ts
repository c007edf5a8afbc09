import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import { makeCertificate } from "../../src/transport/certificate.js";
import type { UpgradeRefusal } from "../../src/transport/upgrade-policy.js";
import { Upgrades, type UpgradesOptions } from "../../src/transport/upgrades.js";
import type { Channel } from "../../src/wire/channel.js";
import type { Limits } from "../../src/wire/limits.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { RawSocket } from "../kit/raw/raw-socket.js";
import { Ear } from "./ends.js";
import { RawWebSocket } from "./raw-websocket.js";

gate();

interface Arrived {
  readonly channel: Channel;
  readonly request: IncomingMessage;
}

/** An application's own HTTP server, on which upgrades become channels. */
async function application(options: Partial<UpgradesOptions> & { readonly small?: Limits } = {}) {
  const arrived: Arrived[] = [];
  let wake = (): void => {};
  const upgrades = new Upgrades({
    limits: limitsOf(options.small),
    ...options,
    onChannel(channel, request) {
      arrived.push({ channel, request });
      wake();
    },
  });
  const server = createServer((_request, response) => void response.end("the application's own"));
  server.on("upgrade", (request, socket, head) => upgrades.handleUpgrade(request, socket, head));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const target = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  return {
    upgrades,
    target,
    async next(): Promise<Arrived> {
      while (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return arrived.shift() as Arrived;
    },
    get arrivedCount() {
      return arrived.length;
    },
    async [Symbol.asyncDispose]() {
      upgrades.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const statusOf = (raw: RawWebSocket): number => Number(/^HTTP\/1\.1 (\d+)/.exec(raw.head)?.[1]);

test("an upgrade of an application's own server becomes a channel, with the request by which it came, and other requests are the application's", async () => {
  await using app = await application();
  const response = await fetch(`http://127.0.0.1:${app.target.port}/`);
  expect(await response.text()).toBe("the application's own");
  const raw = await RawWebSocket.connect(app.target, { Authorization: "Bearer t" });
  expect([statusOf(raw), app.upgrades.unauthenticatedCount]).toEqual([101, 1]);
  const { channel, request } = await app.next();
  const ear = new Ear(channel);
  expect(request.headers.authorization).toBe("Bearer t");
  raw.text('{"hello":1}');
  expect(await ear.line()).toBe('{"hello":1}');
  channel.allow?.(1_000);
  expect(app.upgrades.unauthenticatedCount).toBe(0);
  channel.send("back");
  expect(await raw.line()).toBe("back");
  raw.destroy();
  await ear.closed;
});

test("what came with the request is read, too", async () => {
  await using app = await application();
  const { port } = app.target;
  const socket = new RawSocket(connect(port, "127.0.0.1"));
  const head = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, ...Buffer.from("{}")]);
  socket.write(Buffer.concat([Buffer.from(`${head}Sec-WebSocket-Key: ${"A".repeat(22)}==\r\n\r\n`), frame]));
  const ear = new Ear((await app.next()).channel);
  expect(await ear.line()).toBe("{}");
  socket.destroy();
  await ear.closed;
});

const later = (refusal: UpgradeRefusal | undefined) => async (): Promise<UpgradeRefusal | undefined> => refusal;
const fails = (): never => {
  throw new Error("as the test wants");
};
type Policy = NonNullable<UpgradesOptions["policy"]>;
const POLICIES: readonly [what: string, policy: Policy, headers: Readonly<Record<string, string>>, status: number][] = [
  ["an Origin where none is named", {}, { Origin: "https://example.org" }, 403],
  ["an Origin that is not named", { origins: ["https://example.org"] }, { Origin: "https://example.com" }, 403],
  ["an Origin that is named", { origins: ["https://example.org"] }, { Origin: "https://example.org" }, 101],
  ["no Origin where some are named", { origins: ["https://example.org"] }, {}, 101],
  ["a Host that is not named", { hosts: ["example.org"] }, { Host: "evil.example:80" }, 403],
  ["a Host that begins like one that is named", { hosts: ["example.org"] }, { Host: "example.org.evil.example" }, 403],
  ["a Host that is named, at a port", { hosts: ["example.org"] }, { Host: "EXAMPLE.org:8080" }, 101],
  ["a Host that is named with another port", { hosts: ["example.org:80"] }, { Host: "example.org:81" }, 403],
  ["a Host that is an address of IPv6", { hosts: ["[::1]"] }, { Host: "[::1]:80" }, 101],
  ["another path", { path: "/plugins" }, {}, 404],
  ["a subprotocol that is not spoken", { protocols: ["v2"] }, { "Sec-WebSocket-Protocol": "v0, v1" }, 400],
  ["a subprotocol that is spoken", { protocols: ["v2", "v1"] }, { "Sec-WebSocket-Protocol": "v1, v2" }, 101],
  ["no subprotocol", { protocols: ["v2"] }, {}, 101],
  ["what refuse() refuses", { refuse: () => ({ status: 401 }) }, {}, 401],
  ["what refuse() refuses later", { refuse: later({ status: 503 }) }, {}, 503],
  ["what refuse() lets in later", { refuse: later(undefined) }, {}, 101],
  ["a refuse() that throws", { refuse: fails }, {}, 500],
  ["a refuse() that rejects", { refuse: () => Promise.reject(new Error("as the test wants")) }, {}, 500],
  ["a refusal with headers that cannot be sent", { refuse: () => ({ status: 401, headers: { "x-why": "a\r\nb" } }) }, {}, 500],
];

test.each(POLICIES)("[F122] before the upgrade %s is answered by the policy", async (_what, policy, headers, status) => {
  await using app = await application({ policy });
  const raw = await RawWebSocket.connect(app.target, headers);
  expect(statusOf(raw)).toBe(status);
  if (status === 101) {
    const ear = new Ear((await app.next()).channel);
    raw.destroy();
    await ear.closed;
  } else {
    expect(raw.head).toMatch(/^connection: close\r$/im);
    expect([await raw.closed, app.arrivedCount]).toEqual(["end", 0]);
  }
  expect(app.upgrades.unauthenticatedCount).toBe(0);
});

test("the best subprotocol of ours is chosen, and the first offered where none is named", async () => {
  for (const [protocols, chosen] of [
    [["v2", "v1"], "v2"],
    [undefined, "v1"],
  ] as const) {
    await using app = await application({ policy: { protocols } });
    const raw = await RawWebSocket.connect(app.target, { "Sec-WebSocket-Protocol": "v1, v2" });
    expect(/^sec-websocket-protocol: (.*)\r$/im.exec(raw.head)?.[1]).toBe(chosen);
    new Ear((await app.next()).channel);
    raw.destroy();
  }
});

test("a refusal is answered with its status, its headers and its text, and refuse() sees the request", async () => {
  const seen: (string | undefined)[] = [];
  const refuse = ({ url, headers }: IncomingMessage): UpgradeRefusal => {
    seen.push(url, headers.authorization);
    return { status: 429, headers: { "retry-after": "60" }, body: "Too many failures.\n" };
  };
  await using app = await application({ policy: { refuse } });
  const raw = await RawWebSocket.connect(app.target, { Authorization: "Bearer wrong" });
  expect(raw.head).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
  expect(raw.head).toMatch(/^retry-after: 60\r$/im);
  expect(raw.head).toMatch(/^content-type: text\/plain\r$/im);
  expect(raw.head).toMatch(/^content-length: 19\r$/im);
  expect(seen).toEqual(["/", "Bearer wrong"]);
  await raw.closed;
});

test("a connection that goes while refuse() decides is let go", async () => {
  let decide = (): void => {};
  const asked = new Promise<void>((resolve) => {
    decide = resolve;
  });
  let answer: (refusal: undefined) => void = () => {};
  const refuse = (): Promise<undefined> => {
    decide();
    return new Promise((resolve) => (answer = resolve));
  };
  await using app = await application({ policy: { refuse } });
  const socket = connect(app.target.port, "127.0.0.1");
  const head = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  socket.write(`${head}Sec-WebSocket-Key: ${"A".repeat(22)}==\r\n\r\n`);
  await asked;
  socket.resetAndDestroy();
  while (app.upgrades.unauthenticatedCount > 0) await new Promise((resolve) => setImmediate(resolve));
  answer(undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(app.arrivedCount).toBe(0);
});

test("[F42] connections that prove nothing are as few and as short on an application's server: the oldest is closed, all after helloTimeoutMs", async () => {
  await using app = await application({ maxUnauthenticated: 2, small: { helloTimeoutMs: 500 } });
  const raws: RawWebSocket[] = [];
  const ears: Ear[] = [];
  for (let count = 0; count < 3; count++) {
    raws.push(await RawWebSocket.connect(app.target));
    ears.push(new Ear((await app.next()).channel));
  }
  const [oldest, ...rest] = raws as [RawWebSocket, RawWebSocket, RawWebSocket];
  await ears[0]?.closed;
  expect([app.upgrades.unauthenticatedCount, oldest.socket.destroyed || (await oldest.closed) !== ""]).toEqual([2, true]);
  for (const raw of rest) {
    await raw.line();
    expect([raw.closeCode, raw.closeReason]).toEqual([1008, "it had not proven itself after 500 ms"]);
    raw.destroy();
  }
  await Promise.all(ears.map(({ closed }) => closed));
});

test("after close() upgrades are answered 503, what has not proven itself is closed, and what has lives on", async () => {
  await using app = await application();
  const [proven, unproven] = [await RawWebSocket.connect(app.target), await RawWebSocket.connect(app.target)];
  const [mine, other] = [new Ear((await app.next()).channel), new Ear((await app.next()).channel)];
  mine.channel.allow?.(1_000);
  app.upgrades.close();
  app.upgrades.close();
  await unproven.line();
  expect([unproven.closeCode, unproven.closeReason]).toEqual([1008, "no more connections are taken"]);
  expect(statusOf(await RawWebSocket.connect(app.target))).toBe(503);
  proven.text("still here");
  expect(await mine.line()).toBe("still here");
  for (const raw of [proven, unproven]) raw.destroy();
  await Promise.all([mine.closed, other.closed]);
});

test("an application's server may speak TLS", async () => {
  const arrived: Channel[] = [];
  const upgrades = new Upgrades({ limits: limitsOf(), onChannel: (channel) => void arrived.push(channel) });
  const server = createSecureServer(makeCertificate());
  server.on("upgrade", (request, socket, head) => upgrades.handleUpgrade(request, socket, head));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connectTls({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const raw = await RawWebSocket.over(socket);
  expect(statusOf(raw)).toBe(101);
  const ear = new Ear(arrived[0] as Channel);
  raw.text("{}");
  expect(await ear.line()).toBe("{}");
  raw.destroy();
  await ear.closed;
  await new Promise((resolve) => server.close(resolve));
});
