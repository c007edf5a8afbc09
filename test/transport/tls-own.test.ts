import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type SecureContextOptions, type TlsOptions as ServerTlsOptions } from "node:tls";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { dial } from "../../src/transport/dial.js";
import { checkContext, type DialTls } from "../../src/transport/tls.js";
import type { Channel } from "../../src/wire/channel.js";
import { Authority, lacksOpenssl, type Pair, selfSigned } from "../kit/certificates.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { Door, Ear } from "./ends.js";

gate();
const lack = lacksOpenssl();

let ours: Authority;
let theirs: Authority;
let good: Pair;
let hostPair: Pair;
beforeAll(async () => {
  if (lack !== undefined) return;
  await heedTheEnvironmentOnce();
  [ours, theirs] = [new Authority("ours"), new Authority("theirs")];
  good = ours.sign("DNS:localhost");
  hostPair = ours.sign("DNS:host");
});
afterEach(() => {
  delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
});

/** Node.js warns of that variable at the first connection of a process, whatever it is told. */
async function heedTheEnvironmentOnce(): Promise<void> {
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  const refused = connect({ host: "127.0.0.1", port: 1 });
  delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  await once(refused, "error");
}

/** What a dial to a TLS server with these certificates rejects with. */
async function refusalOf(server: ServerTlsOptions, context: SecureContextOptions): Promise<Error & Record<string, unknown>> {
  const listening = createServer(server, (socket) => void socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
  listening.on("tlsClientError", () => {});
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  try {
    return await rejection(dialTls({ network: "tcp", host: "127.0.0.1", port }, context));
  } finally {
    await new Promise((resolve) => listening.close(resolve));
  }
}

const NAMES = ["localhost", "127.0.0.1", "::1"];

function dialTls(address: Door["listener"]["address"], context: SecureContextOptions, names = NAMES): Promise<Channel> {
  const tls: DialTls = { context, pinned: undefined, names };
  return dial(address, "jsonrpc", { limits: limitsOf(), signal: new AbortController().signal, tls });
}

const FAULTS: readonly [what: string, server: () => ServerTlsOptions, sentence: string][] = [
  ["self-signed", () => selfSigned("localhost"), "its certificate is self-signed, and is none of those in ca"],
  ["signed by another authority", () => theirs.sign("DNS:localhost"), "its certificate was signed by an authority that is not in ca"],
  ["for another name", () => ours.sign("DNS:example.com"), "its certificate is for another name than localhost, 127.0.0.1 and ::1"],
  ["expired", () => ours.sign("DNS:localhost", { expired: true }), "its certificate has expired"],
  [
    "good, over TLS 1.1",
    () => ({ ...good, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
    "it speaks no version of TLS that is new enough",
  ],
];

describe.skipIf(lack !== undefined)(`certificates of the user's own${lack === undefined ? "" : ` (left out: ${lack})`}`, () => {
  for (const [what, server, sentence] of FAULTS) {
    test(`[F88, F89] a certificate that is ${what} is refused by name, whatever the environment and the options say`, async () => {
      // What would turn the checks off elsewhere.
      const careless = { rejectUnauthorized: false, checkServerIdentity: () => undefined, minVersion: "TLSv1" } as const;
      for (const value of [undefined, "0"]) {
        if (value !== undefined) process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = value;
        const error = await refusalOf(server(), { ca: ours.cert, ...careless });
        expect([error["code"], error.message]).toEqual(["BAD_HANDSHAKE", `it was connected to, and told nothing: ${sentence}`]);
        expect((error.cause as { code?: string }).code).toMatch(/^[A-Z_0-9]+$/);
      }
    });
  }

  test("[O30] a certificate that an authority in ca has signed for localhost or a loopback address is taken", async () => {
    for (const pair of [good, ours.sign("IP:127.0.0.1")]) {
      await using door = await Door.open("tcp", {}, { context: pair, pinned: undefined });
      const channel = await dialTls(door.listener.address, { ca: ours.cert });
      const [mine, far] = [new Ear(channel), new Ear(await door.channel())];
      channel.send("{}");
      expect(await far.line()).toBe("{}");
      channel.close();
      await Promise.all([mine.closed, far.closed]);
    }
  });

  test("a certificate is held against the names that are asked for, and the first that is no address is asked for", async () => {
    const asked: (string | false | undefined)[] = [];
    const pair = ours.sign("DNS:plugins.example,IP:127.0.0.2");
    const server = createServer({ ...pair, SNICallback: (name, done) => done(null, void asked.push(name)) }, (socket) => {
      socket.on("error", () => {}).resume();
    }).listen(0, "127.0.0.1");
    server.on("tlsClientError", () => {});
    await once(server, "listening");
    const address = { network: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port } as const;
    for (const names of [["plugins.example"], ["127.0.0.2"], ["127.0.0.9", "other.example", "plugins.example"]]) {
      const ear = new Ear(await dialTls(address, { ca: ours.cert }, names));
      ear.channel.close();
      await ear.closed;
    }
    const error = await rejection(dialTls(address, { ca: ours.cert }, ["127.0.0.1"]));
    expect(error.message).toBe("it was connected to, and told nothing: its certificate is for another name than 127.0.0.1");
    expect(asked).toEqual(["plugins.example", "other.example"]);
    await new Promise((resolve) => server.close(resolve));
  });

  test("without authorities those that Node.js trusts are asked, and the sentence says so", async () => {
    for (const [server, sentence] of [
      [good, "its certificate was signed by an authority that Node.js does not trust"],
      [selfSigned("localhost"), "its certificate is self-signed, and Node.js does not trust it"],
    ] as const) {
      expect((await refusalOf(server, {})).message).toBe(`it was connected to, and told nothing: ${sentence}`);
    }
  });

  test("[F90] a plugin with ca takes a host that shows a certificate from it, and cuts off whoever shows none or another's", async () => {
    await using door = await Door.open("tcp", {}, { context: { ...good, ca: ours.cert }, pinned: undefined });
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    const { port } = door.listener.address as { port: number };
    for (const shown of [{}, theirs.sign("DNS:host"), selfSigned("host")]) {
      const stranger = connect({ port, host: "127.0.0.1", ...shown, rejectUnauthorized: false });
      stranger.on("error", () => {}).resume();
      await new Promise<void>((resolve) => stranger.once("close", () => resolve()));
    }
    expect(door.waitingCount).toBe(0);
    const mine = new Ear(await dialTls(door.listener.address, { ca: ours.cert, ...hostPair }));
    const far = new Ear(await door.channel());
    mine.channel.close();
    await Promise.all([mine.closed, far.closed]);
  });

  test("[F88] a client of TLS 1.1 is cut off", async () => {
    await using door = await Door.open("tcp", {}, { context: { ...good, minVersion: "TLSv1" }, pinned: undefined });
    const { port } = door.listener.address as { port: number };
    const old = connect({
      port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    old.on("error", () => {}).resume();
    await new Promise<void>((resolve) => old.once("close", () => resolve()));
    expect(door.waitingCount).toBe(0);
  });

  test("what cannot be used is found before anything is started", () => {
    expect(() => checkContext({ ca: ours.cert, ...hostPair })).not.toThrow();
    expect(() => checkContext({ ca: "x", cert: "x", key: "x" })).toThrow();
    expect(() => checkContext({ ca: ours.cert, cert: hostPair.cert, key: good.key })).toThrow();
  });
});
