import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { defineContract, method, NewClient } from "../../../src/index.js";
import { derOf, makeCertificate } from "../../../src/transport/certificate.js";
import { showValue } from "../../../src/util/show-value.js";
import { gist, reason, startFailure } from "../../client/start/start-failure.js";
import { Authority, lacksOpenssl, type Pair } from "../../kit/certificates.js";
import { clientFor } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawProcess } from "../../kit/raw/raw-process.js";
import { TRANSPORTS } from "../../transport/ends.js";

gate();

afterEach(() => {
  delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
});

const echo = defineContract("echo", { echo: method<unknown, unknown>() });
const ATTACHED = {
  pid: 1,
  address: { network: "tcp", host: "127.0.0.1", port: 10_000 },
  protocol: "jsonrpc",
  apiVersion: 1,
  secret: "ab".repeat(32),
};
const REFUSED = { code: "BAD_HANDSHAKE", exitCode: null, signal: null };

for (const transport of TRANSPORTS) {
  test(`[O30, F89] with tls "auto" a plugin is called over ${transport}, and a third client is refused, whatever the environment says`, async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0"; // Inherited by the plugin, too.
    await using client = clientFor("echo", { transport, tls: "auto" });
    const address = await client.start();
    const remote = await client.dispense(echo);
    const large = "x".repeat(300_000);
    expect(await Promise.all([remote.echo(1), remote.echo(large)])).toEqual([1, large]);
    const target = address.network === "unix" ? { path: address.path } : { port: address.port, host: address.host };
    for (const own of [{}, makeCertificate()]) {
      const third = connect({ ...target, ...own, rejectUnauthorized: false });
      const heard: unknown[] = [];
      third.on("error", () => {}).on("data", (chunk) => heard.push(chunk));
      third.write('{"jsonrpc":"2.0","id":0,"method":"rpc.hello","params":{}}\n');
      await new Promise<void>((resolve) => third.once("close", () => resolve()));
      expect(heard).toEqual([]);
    }
    expect(await remote.echo(2)).toBe(2);
    expect(client.reattachConfig).toBe(undefined);
  });
}

test("[O30] what a plugin announces is its certificate, DER in base64 without padding, made for this start", async () => {
  const host = makeCertificate();
  const announced: string[] = [];
  for (let start = 0; start < 2; start++) {
    const command = [process.execPath, new URL("../../fixtures/plugins/echo.mjs", import.meta.url).pathname] as const;
    await using plugin = new RawProcess(command, { PLUGIN_CLIENT_CERT: host.cert });
    const [, , , address = "", , cert = ""] = await plugin.announcement();
    expect(cert).toMatch(/^[A-Za-z0-9+/]{500,}$/);
    announced.push(cert);
    const socket = connect({ host: "127.0.0.1", port: Number(address.split(":")[1]), ...host, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    expect(socket.getPeerX509Certificate()?.raw).toEqual(Buffer.from(cert, "base64"));
    expect(socket.getProtocol()).toBe("TLSv1.3");
    socket.destroy();
  }
  expect(announced[0]).not.toBe(announced[1]);
});

test("a plugin says what is wrong with a host's certificate", async () => {
  const command = [process.execPath, new URL("../../fixtures/plugins/echo.mjs", import.meta.url).pathname] as const;
  await using plugin = new RawProcess(command, { PLUGIN_CLIENT_CERT: "x" });
  const { exitCode, stderr, stdout } = await plugin.end();
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^Cannot start: PLUGIN_CLIENT_CERT holds no certificate in PEM \(.+\)\n$/);
});

test("[F88] a plugin that announces no certificate where TLS was asked for is not connected to", async () => {
  const error = await startFailure(clientFor("prints-and-waits", { args: ["1|1|tcp|127.0.0.1:9|jsonrpc|"], tls: "auto" }));
  expect(gist(error)).toEqual({ ...REFUSED, step: "announcement" });
  expect(error.message.split("\n").slice(0, 2)).toEqual([
    expect.stringMatching(/: it announced no certificate, and this host was told to use TLS: no connection was attempted$/),
    "  Its library may not know PLUGIN_CLIENT_CERT: update it, or leave out tls.",
  ]);
});

test("[F88] a certificate that is no base64 is refused", async () => {
  const error = await startFailure(clientFor("prints-and-waits", { args: ["1|1|tcp|127.0.0.1:9|jsonrpc|a-b"], tls: "auto" }));
  expect(gist(error)).toEqual({ ...REFUSED, step: "announcement" });
  expect(reason(error)).toBe("the certificate that it announced is not DER in base64 without padding");
});

test("[F42, F88] whoever took the plugin's port has not its certificate, and is told nothing", async () => {
  const heard: unknown[] = [];
  const squatter = createServer(makeCertificate(), (socket) => void socket.on("error", () => {}).on("data", (chunk) => heard.push(chunk)));
  squatter.listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const { port } = squatter.address() as AddressInfo;
  const cert = derOf(makeCertificate().cert).toString("base64").replace(/=+$/, "");
  const error = await startFailure(clientFor("prints-and-waits", { args: [`1|1|tcp|127.0.0.1:${port}|jsonrpc|${cert}`], tls: "auto" }));
  expect(gist(error)).toEqual({ ...REFUSED, step: "connect" });
  expect(reason(error)).toBe("it was connected to, and told nothing: its certificate is not the one that it announced");
  expect(heard).toEqual([]);
  await new Promise((resolve) => squatter.close(resolve));
});

const lack = lacksOpenssl();
describe.skipIf(lack !== undefined)(`certificates of the user's own${lack === undefined ? "" : ` (left out: ${lack})`}`, () => {
  let ours: Authority;
  let plugin: Pair;
  let host: Pair;
  beforeAll(() => {
    ours = new Authority("ours");
    [plugin, host] = [ours.sign("DNS:localhost"), ours.sign("DNS:host")];
  });

  test("[O30] a host and a plugin with certificates from one authority work together", async () => {
    const env = { TLS_CERT: plugin.cert, TLS_KEY: plugin.key, TLS_CA: ours.cert };
    await using client = clientFor("own-certificate", { env, tls: { ca: ours.cert, ...host } });
    expect(await (await client.dispense(echo)).echo("hello")).toBe("hello");
  });

  test('[O30] a plugin\'s own certificate works with tls "auto", too', async () => {
    const env = { TLS_CERT: plugin.cert, TLS_KEY: plugin.key };
    await using client = clientFor("own-certificate", { env, tls: "auto" });
    expect(await (await client.dispense(echo)).echo("hello")).toBe("hello");
  });

  test("[F88] a host that was not told to use TLS is told so, and attempts no connection", async () => {
    const error = await startFailure(clientFor("own-certificate", { env: { TLS_CERT: plugin.cert, TLS_KEY: plugin.key } }));
    expect(gist(error)).toEqual({ ...REFUSED, step: "announcement" });
    expect(error.message.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/: it speaks TLS alone, and this host was not told to$/),
      "  Give the client tls: its certificates, where the plugin has its own.",
    ]);
  });

  test("[F88] a host with certificates finds that a plugin does not speak TLS", async () => {
    const error = await startFailure(clientFor("echo", { tls: { ca: ours.cert }, limits: { helloTimeoutMs: 300 } }));
    expect(error.step).toBe("connect");
    expect(error.message).toMatch(/it ended the connection where TLS was to begin|it does not speak TLS there|did not begin TLS in 300 ms/);
  });

  test("[F90] a host whose certificate is not from the plugin's authority cannot start it", async () => {
    const env = { TLS_CERT: plugin.cert, TLS_KEY: plugin.key, TLS_CA: ours.cert };
    const error = await startFailure(
      clientFor("own-certificate", { env, tls: { ca: ours.cert, ...new Authority("theirs").sign("DNS:host") } }),
    );
    expect(["connect", "hello"]).toContain(error.step);
    expect(error.code).toMatch(/^(BAD_HANDSHAKE|START_FAILED)$/);
  });

  test("what tls holds is tried before the plugin is started", async () => {
    const error = await startFailure(clientFor("echo", { tls: { ca: ours.cert, cert: host.cert, key: plugin.key } }));
    expect(gist(error)).toEqual({ ...REFUSED, code: "START_FAILED", step: "spawn" });
    expect(reason(error)).toMatch(/^what its tls option holds cannot be used: .+/);
  });
});

const PEM = "a text or a Buffer in PEM, or a list of them";
test.each<[unknown, string]>([
  [{ tls: "on" }, 'tls is "on", and it must be "auto", or an object with ca, cert and key'],
  ...[undefined, null, "", [], Buffer.alloc(0), ["x", ""], 5].map((ca): [unknown, string] => [
    { tls: { cert: "x", key: "y", pfx: "z", ca } },
    `tls.ca is ${showValue(ca)}, and it must be ${PEM}`,
  ]),
  [
    { command: undefined, reattach: ATTACHED, tls: "auto" },
    'tls is "auto", which makes certificates for a start, and reattach starts nothing: give the certificates themselves',
  ],
  [{ tls: null }, 'tls is null, and it must be "auto", or an object with ca, cert and key'],
])("[F89] NewClient() refuses %j", (options, sentence) => {
  expect(() => NewClient({ command: "x", ...(options as object) })).toThrow(new TypeError(`Cannot create a client: ${sentence}`));
});
