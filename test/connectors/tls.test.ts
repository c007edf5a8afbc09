import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { Authority, lacksOpenssl, type Pair } from "../kit/certificates.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { client, connect, serve } from "./kit.js";

const lack = lacksOpenssl();
let authority: Authority;
let other: Authority;
let pair: Pair;
let shown: Pair;
beforeAll(() => {
  if (lack !== undefined) return;
  authority = new Authority("ours");
  other = new Authority("theirs");
  pair = authority.sign("DNS:localhost");
  shown = authority.sign("DNS:client");
});
gate();

const never = { reconnect: "none" } as const;
const secure = (port: number): string => `wss://127.0.0.1:${port}`;
const trusting = () => ({ tls: { cafile: authority.cert, domain: "localhost" } });

test.skipIf(lack)("[R11, R12] a client with the authority and the name connects; a plain one does not", async () => {
  await using server = await serve({ tls: pair });
  await using one = await connect(secure(server.port), trusting());
  await one.connector.send({ data: 1 });
  const event = await server.out.next();
  expect(event.meta.ws_server?.tls).toBe(true);
  await server.connector.send({ ...event, data: 2 });
  expect(await one.out.next()).toMatchObject({ data: 2, meta: { ws_client: { tls: true } } });
  await using plain = client(server.url, never);
  expect(await rejection(plain.connector.start())).toMatchObject({ code: "UNREACHABLE" });
});

test.skipIf(lack)("[R11] certificate, key and authority may be files", async () => {
  const dir = mkdtempSync(join(tmpdir(), "files-"));
  try {
    for (const [name, text] of Object.entries({ cert: pair.cert, key: pair.key, ca: authority.cert })) writeFileSync(join(dir, name), text);
    await using server = await serve({ tls: { cert: join(dir, "cert"), key: join(dir, "key") } });
    await using one = await connect(secure(server.port), { tls: { cafile: join(dir, "ca"), domain: "localhost" } });
    expect(one.connector.connectivity).toBe("connected");
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test.skipIf(lack).each<[string, () => object, string]>([
  [
    "another authority",
    () => ({ cafile: other.cert, domain: "localhost" }),
    "it was connected to, and told nothing: its certificate was signed by an authority that is not in ca",
  ],
  [
    "another name",
    () => ({ cafile: authority.cert, domain: "example.org" }),
    "it was connected to, and told nothing: its certificate is for another name than example.org",
  ],
  [
    "no name, where the url has an address",
    () => ({ cafile: authority.cert }),
    "it was connected to, and told nothing: its certificate is for another name than 127.0.0.1",
  ],
  [
    "true: the authorities that Node.js trusts",
    () => true as never,
    "it was connected to, and told nothing: its certificate was signed by an authority that Node.js does not trust",
  ],
])("[R12] a client does not connect with %s", async (_, tls, sentence) => {
  await using server = await serve({ tls: pair });
  await using made = client(secure(server.port), { ...never, tls: tls() });
  const error = await rejection(made.connector.start());
  expect(error.message).toBe(`Cannot connect the WebSocket client of "${secure(server.port)}": ${sentence}`);
});

test.skipIf(lack)("[R39] files that are not there reject start(), by name", async () => {
  const { websocketServer } = await import("../../src/connectors/index.js");
  const server = websocketServer({ url: "127.0.0.1:0", codec: "json", tls: { cert: "./none.cert", key: "./none.key" } });
  expect(await rejection(server.start())).toMatchObject({
    code: "UNREACHABLE",
    message: `Cannot open the WebSocket server on "127.0.0.1:0": ENOENT: no such file or directory, open './none.cert'`,
  });
  await using made = client("wss://127.0.0.1:1", { ...never, tls: { cafile: "./none.cert" } });
  expect((await rejection(made.connector.start())).message).toMatch("ENOENT: no such file or directory, open './none.cert'");
});

test.skipIf(lack)(
  "[R32] a server of another hand that demands a certificate takes ours, and sees it; without one there is no connection",
  async () => {
    const https = createSecureServer({ ...pair, ca: authority.cert, requestCert: true, rejectUnauthorized: true });
    https.on("tlsClientError", () => {});
    const seen: string[] = [];
    const webSockets = new WebSocketServer({ server: https });
    webSockets.on("connection", (webSocket, request) => {
      seen.push((request.socket as never as { getPeerCertificate(): { subjectaltname: string } }).getPeerCertificate().subjectaltname);
      webSocket.send("1\n");
    });
    https.listen(0, "127.0.0.1");
    await once(https, "listening");
    const { port } = https.address() as AddressInfo;
    const made = await connect(secure(port), { tls: { ...trusting().tls, ...shown } });
    expect((await made.out.next()).data).toBe(1);
    expect(seen).toEqual(["DNS:client"]);
    await using without = client(secure(port), { ...never, ...trusting() });
    expect(await rejection(without.connector.start())).toMatchObject({ code: "UNREACHABLE" });
    await made.connector.stop();
    webSockets.close();
    https.closeAllConnections();
    await new Promise((resolve) => https.close(resolve));
  },
);

test.skipIf(lack)("[R32] a server of ours with a cafile takes clients that its authority has signed, and no others", async () => {
  await using server = await serve({ tls: { ...pair, cafile: authority.cert } });
  await using one = await connect(secure(server.port), { tls: { ...trusting().tls, ...shown } });
  await one.connector.send({ data: 1 });
  expect((await server.out.next()).data).toBe(1);
  await using without = client(secure(server.port), { ...never, ...trusting() });
  expect(await rejection(without.connector.start())).toMatchObject({ code: "UNREACHABLE" });
  expect(server.connector.metrics.streams).toBe(1);
});

test.skipIf(lack)("[R35] handshakes that stall or are no TLS delay nobody, and are cut in time", async () => {
  await using server = await serve({ tls: pair, handshake_timeout_ms: 300 });
  const sockets = Array.from({ length: 20 }, (_, index) => {
    const socket = connectSocket(server.port, "127.0.0.1");
    socket.on("error", () => {});
    // Half of them begin, with the first bytes of a hello.
    socket.write(index % 2 === 0 ? "this is no TLS\r\n" : Buffer.from([0x16, 3, 1, 2, 0]));
    return { socket, closed: once(socket, "close") };
  });
  await using one = await connect(secure(server.port), trusting());
  await one.connector.send({ data: 1 });
  expect((await server.out.next()).data).toBe(1);
  for (const { socket, closed } of sockets) {
    socket.resume();
    await closed;
  }
});

test("[R35] a connection that asks for nothing, or says its request byte by byte, is cut in time", async () => {
  await using server = await serve({ handshake_timeout_ms: 300 });
  const silent = connectSocket(server.port, "127.0.0.1");
  const slow = connectSocket(server.port, "127.0.0.1");
  const writing = setInterval(() => slow.write("G"), 50);
  for (const socket of [silent, slow]) socket.on("error", () => {}).resume();
  await Promise.all([once(silent, "close"), once(slow, "close")]);
  clearInterval(writing);
  expect(server.connector.metrics.streams).toBe(0);
});

test("[R35] a server that takes the connection and says nothing is given up in time", async () => {
  const { createServer } = await import("node:net");
  const silent = createServer((socket) => void socket.on("error", () => {}).resume());
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  await using made = client(`127.0.0.1:${port}`, { ...never, handshake_timeout_ms: 100 });
  const error = await rejection(made.connector.start());
  expect(error.message).toMatch(/^Cannot connect the WebSocket client of ".*": .* 100 ms$/);
  await new Promise((resolve) => silent.close(resolve));
});
