import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { derOf, makeCertificate } from "../../src/transport/certificate.js";
import { type DialUrlOptions, dialUrl } from "../../src/transport/dial-url.js";
import { UpgradeRefused } from "../../src/transport/upgrade-refused.js";
import type { Address } from "../../src/util/address.js";
import { Authority, lacksOpenssl } from "../kit/certificates.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { Door, Ear } from "./ends.js";

gate();

const options = (more: Partial<DialUrlOptions> = {}): DialUrlOptions => ({
  limits: limitsOf(),
  signal: new AbortController().signal,
  ...more,
});

/** Dials a door of ours, and shows that both ends hear each other. */
async function expectsHeard(door: Door, url: string | URL, more: Partial<DialUrlOptions> = {}): Promise<void> {
  const near = new Ear(await dialUrl(url, options(more)));
  const far = new Ear(await door.channel());
  near.channel.send("to far");
  expect(await far.line()).toBe("to far");
  far.channel.send("to near");
  expect(await near.line()).toBe("to near");
  near.channel.close();
  await Promise.all([near.closed, far.closed]);
}

const portOf = (address: Address): number => (address as { port: number }).port;

test("tcp, unix and ws URLs are dialled, as text and as a URL", async () => {
  await using tcp = await Door.open("tcp");
  await expectsHeard(tcp, `tcp://127.0.0.1:${portOf(tcp.listener.address)}`);
  await expectsHeard(tcp, new URL(`tcp://127.0.0.1:${portOf(tcp.listener.address)}/`));
  await using unix = await Door.open("unix");
  const { path } = unix.listener.address as { path: string };
  await expectsHeard(unix, `unix:${path}`);
  await expectsHeard(unix, `unix://${path}`);
  await using webSocket = await Door.open("websocket", {}, undefined, { upgrades: { path: "/plugins", hosts: ["127.0.0.1"] } });
  const url = `ws://127.0.0.1:${portOf(webSocket.listener.address)}/plugins?x=1`;
  await expectsHeard(webSocket, url);
  await expectsHeard(webSocket, new URL(url));
});

test("another address than 127.0.0.1 is listened on and dialled, one of IPv6 in brackets", async () => {
  for (const [host, shown] of [
    ["127.0.0.3", "127.0.0.3"],
    ["localhost", "localhost"],
    ["::1", "[::1]"],
  ] as const) {
    for (const transport of ["tcp", "websocket"] as const) {
      await using door = await Door.open(transport, {}, undefined, { host });
      await expectsHeard(door, `${transport === "tcp" ? "tcp" : "ws"}://${shown}:${portOf(door.listener.address)}`);
    }
  }
});

test("a path with characters that a URL escapes is that path", async () => {
  const dir = mkdtempSync(join(tmpdir(), "a b%20ü-"));
  await using door = await Door.open("unix", {}, undefined, { unixSocketDir: dir });
  await expectsHeard(door, pathToFileURL(join(dir, "s")).href.replace("file://", "unix:"));
  await door.listener.close();
  rmSync(dir, { recursive: true });
});

test("a server that refuses the WebSocket is an error with its status and headers", async () => {
  const refuse = () => ({ status: 503, headers: { "retry-after": "7" }, body: "Full.\n" });
  await using door = await Door.open("websocket", {}, undefined, { upgrades: { refuse } });
  const error = await rejection(dialUrl(`ws://127.0.0.1:${portOf(door.listener.address)}/`, options()));
  expect(error).toBeInstanceOf(UpgradeRefused);
  const { message, status, headers } = error as unknown as UpgradeRefused;
  expect([message, status, headers["retry-after"]]).toEqual(["it refused the WebSocket with 503 Service Unavailable", 503, "7"]);
});

test("headers and subprotocols cross with the request", async () => {
  const seen: unknown[] = [];
  const refuse = ({ headers }: { headers: NodeJS.Dict<string | string[]> }): undefined => {
    seen.push(headers["authorization"], headers["sec-websocket-protocol"]);
  };
  await using door = await Door.open("websocket", {}, undefined, { upgrades: { refuse, protocols: ["b"] } });
  const webSocket = { headers: { authorization: "Bearer t" }, protocols: ["a", "b"] };
  await expectsHeard(door, `ws://127.0.0.1:${portOf(door.listener.address)}/`, { webSocket });
  expect(seen).toEqual(["Bearer t", "a,b"]);
});

test("a pinned certificate is all that is taken, over wss, and over tcp and unix with tls", async () => {
  const [own, other] = [makeCertificate(), makeCertificate()];
  const tls = { context: own, pinned: derOf(own.cert) };
  for (const transport of ["websocket", "tcp", "unix"] as const) {
    await using door = await Door.open(transport, {}, tls);
    const { address } = door.listener;
    const url = address.network === "unix" ? `unix:${address.path}` : `${transport === "tcp" ? "tcp" : "wss"}://127.0.0.1:${address.port}`;
    await expectsHeard(door, url, { tls });
    const error = await rejection(dialUrl(url, options({ tls: { context: own, pinned: derOf(other.cert) } })));
    expect(error["code"]).toBe("BAD_HANDSHAKE");
  }
});

const lack = lacksOpenssl();
describe.skipIf(lack !== undefined)(`certificates of authorities${lack === undefined ? "" : ` (left out: ${lack})`}`, () => {
  let authority: Authority;
  beforeAll(() => {
    authority = new Authority("ours");
  });

  test("the certificate must be for the host of the URL, or for the servername that is given", async () => {
    const context = authority.sign("DNS:plugins.example,IP:127.0.0.1");
    await using door = await Door.open("websocket", {}, { context, pinned: undefined }, { host: "127.0.0.1" });
    const port = portOf(door.listener.address);
    const ca = { ca: authority.cert };
    await expectsHeard(door, `wss://127.0.0.1:${port}/`, { tls: { context: ca } });
    await expectsHeard(door, `wss://127.0.0.1:${port}/`, { tls: { context: ca, servername: "plugins.example" } });
    for (const [url, tls, name] of [
      [`wss://localhost:${port}/`, { context: ca }, "localhost"],
      [`wss://127.0.0.1:${port}/`, { context: ca, servername: "other.example" }, "other.example"],
    ] as const) {
      const error = await rejection(dialUrl(url, options({ tls })));
      expect(error.message).toBe(`it was connected to, and told nothing: its certificate is for another name than ${name}`);
    }
  });

  test("wss without tls asks the authorities that Node.js trusts", async () => {
    const context = authority.sign("DNS:localhost,IP:127.0.0.1");
    await using door = await Door.open("websocket", {}, { context, pinned: undefined });
    const error = await rejection(dialUrl(`wss://127.0.0.1:${portOf(door.listener.address)}/`, options()));
    const sentence = "its certificate was signed by an authority that Node.js does not trust";
    expect([error["code"], error.message]).toEqual(["BAD_HANDSHAKE", `it was connected to, and told nothing: ${sentence}`]);
  });
});

const MISTAKES: readonly [url: string, more: Partial<DialUrlOptions>, sentence: string][] = [
  ["127.0.0.1", {}, 'Cannot dial "127.0.0.1": it is no URL'],
  ["", {}, 'Cannot dial "": it is no URL'],
  ["http://127.0.0.1/", {}, 'Cannot dial "http://127.0.0.1/": its scheme is none of ws, wss, tcp and unix'],
  ["tcp://127.0.0.1", {}, 'Cannot dial "tcp://127.0.0.1": it names no port'],
  ["tcp://127.0.0.1:1/x", {}, 'Cannot dial "tcp://127.0.0.1:1/x": after its port there may be nothing'],
  ["tcp://127.0.0.1:1?x", {}, 'Cannot dial "tcp://127.0.0.1:1?x": after its port there may be nothing'],
  ["tcp://127.0.0.1:1", { webSocket: {} }, 'Cannot dial "tcp://127.0.0.1:1": webSocket is for ws and wss alone'],
  ["unix:s", {}, 'Cannot dial "unix:s": it is no absolute path of a socket'],
  ["unix:/s?x", {}, 'Cannot dial "unix:/s?x": it is no absolute path of a socket'],
  ["unix://host/s", {}, 'Cannot dial "unix://host/s": it names a host, and a socket\'s path alone is wanted'],
  ["unix:/%zz", {}, 'Cannot dial "unix:/%zz": it is no absolute path of a socket'],
  [`unix:/${"x".repeat(107)}`, {}, `Cannot dial "unix:/${"x".repeat(107)}": its path is longer than the 107 bytes that a socket's may be`],
  ["unix:/s", { webSocket: {} }, 'Cannot dial "unix:/s": webSocket is for ws and wss alone'],
  ["ws://127.0.0.1/#x", {}, 'Cannot dial "ws://127.0.0.1/#x": a WebSocket\'s URL has no fragment'],
  ["ws://127.0.0.1/", { tls: {} }, 'Cannot dial "ws://127.0.0.1/": with tls its scheme must be wss'],
  ["ws://me:secret@127.0.0.1/", {}, 'Cannot dial "ws://127.0.0.1/": a user\'s name or a password has no place in it'],
];

test.each(MISTAKES)("a URL that cannot be dialled is refused by name, and no password is repeated: %s", async (url, more, sentence) => {
  expect(await rejection(dialUrl(url, options(more)))).toEqual(new TypeError(sentence));
});
