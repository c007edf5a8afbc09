import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { defineContract, implement, method } from "../../src/index.js";
import { gist, reason, startFailure } from "../client/start/start-failure.js";
import { gate } from "../kit/gate.js";
import { hmac, RawPlugin } from "../kit/raw/raw-plugin.js";

gate();
const FAILED = { step: "hello", exitCode: null, signal: null };

/** The answer of a plugin in order, to the hello that it got. */
function answerTo(plugin: RawPlugin, params: { challenge: string }): Record<string, unknown> {
  const challenge = randomBytes(32).toString("hex");
  const proof = hmac(plugin.env["PLUGIN_SECRET"] as string, `plugin:${params.challenge}:${challenge}`);
  return { protocolVersion: 1, apiVersion: 1, challenge, framing: "lines", proof, provides: [], events: [], actions: [] };
}

test("[F42] the host's hello holds versions and a challenge, and gives nothing else away", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client({ apiVersions: [2, 1], config: { key: "secret" } });
  const failed = startFailure(client);
  const socket = await plugin.connection();
  const { params, ...hello } = await socket.message();
  expect(hello).toEqual({ jsonrpc: "2.0", id: 0, method: "rpc.hello" });
  const { info, ...rest } = params;
  expect(rest).toEqual({
    protocolVersions: [1],
    apiVersions: [2, 1],
    challenge: expect.stringMatching(/^[0-9a-f]{64}$/),
    framings: ["packets", "lines"],
    texts: true,
  });
  expect(info).toEqual({ name: expect.any(String) });
  socket.destroy();
  await failed;
});

test("[F42] a plugin that has proven itself gets the host's proof, what the host provides, and the config", async () => {
  await using plugin = await RawPlugin.listen();
  const ui = implement(defineContract("ui", { ask: method<string, string>() }), { ask: () => "yes" });
  const client = plugin.client({ provides: [ui], config: { key: "secret" } });
  const started = client.start();
  const socket = await plugin.connection();
  const { id, params } = await socket.message();
  const answer = answerTo(plugin, params);
  socket.send({ jsonrpc: "2.0", id, result: { ...answer, somethingNew: true } });
  const ready = await socket.message();
  expect(ready).toEqual({
    jsonrpc: "2.0",
    id: 1,
    method: "rpc.ready",
    params: {
      proof: hmac(plugin.env["PLUGIN_SECRET"] as string, `host:${params.challenge}:${answer["challenge"]}`),
      provides: [{ name: "ui", members: { ask: { kind: "method" } } }],
      config: { key: "secret" },
    },
  });
  socket.send({ jsonrpc: "2.0", id: ready.id, result: {} });
  expect((await started).network).toBe("tcp");
  expect(client.negotiatedVersion).toBe(1);
  await client.kill();
});

test("the config is {} where none was given", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const started = client.start();
  const socket = await plugin.connection();
  const { id, params } = await socket.message();
  socket.send({ jsonrpc: "2.0", id, result: answerTo(plugin, params) });
  const ready = await socket.message();
  expect(ready.params.config).toEqual({});
  socket.send({ jsonrpc: "2.0", id: ready.id, result: {} });
  await started;
  await client.kill();
});

const OTHER = "ab".repeat(32);
const NO_PROOF = "whoever answered could not prove that this host had started it, and was told nothing";
const WRONG: readonly [what: string, change: Record<string, unknown>, code: string, sentence: string][] = [
  ["[F42] another proof", { proof: OTHER }, "BAD_HANDSHAKE", NO_PROOF],
  ["[F42] no proof", { proof: undefined }, "BAD_HANDSHAKE", NO_PROOF],
  ["[F42] a challenge that is none", { challenge: "x" }, "BAD_HANDSHAKE", NO_PROOF],
  ["[F37] another protocol", { protocolVersion: 2 }, "VERSION_MISMATCH", "it speaks version 2 of the protocol, and this host speaks 1"],
  [
    "[F37] no protocol",
    { protocolVersion: "one" },
    "VERSION_MISMATCH",
    "it speaks version (no whole number) of the protocol, and this host speaks 1",
  ],
  [
    "[O24] an apiVersion that the host did not list",
    { apiVersion: 9 },
    "VERSION_MISMATCH",
    "it chose apiVersion 9, and this host speaks 1",
  ],
  [
    "a framing that the host did not offer",
    { framing: "pigeons" },
    "BAD_HANDSHAKE",
    'it chose framing "pigeons", and this host offered "packets" and "lines"',
  ],
  ["provides that are no list", { provides: 5 }, "BAD_HANDSHAKE", 'what it says it provides cannot be used: "provides" is no list'],
];
for (const [what, change, code, sentence] of WRONG) {
  test(`${what} in the answer ends the start, and the plugin hears nothing more`, async () => {
    await using plugin = await RawPlugin.listen();
    const failed = startFailure(plugin.client({ config: { key: "secret" } }));
    const socket = await plugin.connection();
    const { id, params } = await socket.message();
    socket.send({ jsonrpc: "2.0", id, result: { ...answerTo(plugin, params), ...change } });
    const error = await failed;
    expect([gist(error), reason(error)]).toEqual([{ ...FAILED, code }, sentence]);
    expect(await socket.line()).toBe(undefined);
    expect(plugin.signals).toEqual(["SIGKILL"]);
  });
}

test("[F42] a plugin cannot prove itself with the host's own kind of proof", async () => {
  await using plugin = await RawPlugin.listen();
  const failed = startFailure(plugin.client());
  const socket = await plugin.connection();
  const { id, params } = await socket.message();
  const answer = answerTo(plugin, params);
  const proof = hmac(plugin.env["PLUGIN_SECRET"] as string, `host:${params.challenge}:${answer["challenge"]}`);
  socket.send({ jsonrpc: "2.0", id, result: { ...answer, proof } });
  const error = await failed;
  expect(reason(error)).toBe(NO_PROOF);
  expect(error.message).toContain("\n  Another program may have taken the plugin's address: start it again.");
});

const REFUSALS: readonly [what: string, error: object, code: string, sentence: string][] = [
  [
    "[O24] other apiVersions",
    { code: -32602, message: "no", data: { apiVersions: [7, 8] } },
    "VERSION_MISMATCH",
    "it speaks apiVersion 7, 8, and this host speaks 1: they have none in common",
  ],
  [
    "[O24] apiVersions that are no numbers",
    { code: -32602, message: "no", data: { apiVersions: ["\u001b[31m", {}] } },
    "VERSION_MISMATCH",
    "it speaks apiVersion (no whole number), (no whole number), and this host speaks 1: they have none in common",
  ],
  [
    "[F37] other protocols",
    { code: -32602, message: "no", data: { protocolVersions: [2, 3] } },
    "VERSION_MISMATCH",
    "it speaks version 2, 3 of the protocol, and this host speaks 1",
  ],
  ["no reason", { code: -32602, message: "I do not like it" }, "BAD_HANDSHAKE", "it refused the hello: I do not like it"],
  ["an error of its own", { code: -32000, message: "I am broken" }, "BAD_HANDSHAKE", "it refused the hello: I am broken"],
];
for (const [what, refusal, code, sentence] of REFUSALS) {
  test(`${what} in a refusal of the hello is told to the caller`, async () => {
    await using plugin = await RawPlugin.listen();
    const failed = startFailure(plugin.client());
    const socket = await plugin.connection();
    const { id } = await socket.message();
    socket.send({ jsonrpc: "2.0", id, error: refusal });
    const error = await failed;
    expect([gist(error), reason(error)]).toEqual([{ ...FAILED, code }, sentence]);
  });
}

for (const [code, text] of [
  [-32003, "the licence server is down"],
  [-32002, "another host has it"],
  [-32800, "the user said no"],
  [-32000, "there is no disk space"],
] as const) {
  test(`[O26] a plugin that answers rpc.ready with ${code} declines to start, and its message says why`, async () => {
    await using plugin = await RawPlugin.listen();
    const failed = startFailure(plugin.client());
    const socket = await plugin.connection();
    const { id, params } = await socket.message();
    socket.send({ jsonrpc: "2.0", id, result: answerTo(plugin, params) });
    const ready = await socket.message();
    socket.send({ jsonrpc: "2.0", id: ready.id, error: { code, message: text } });
    const error = await failed;
    expect(gist(error)).toMatchObject({ step: "ready", code: "START_FAILED" });
    expect(error.message).toMatch(/: it declined to start: /);
    expect(error.message).toContain(text);
  });

  test(`a plugin that answers the hello with ${code} refuses it, and its message says why`, async () => {
    await using plugin = await RawPlugin.listen();
    const failed = startFailure(plugin.client());
    const socket = await plugin.connection();
    const { id } = await socket.message();
    socket.send({ jsonrpc: "2.0", id, error: { code, message: text } });
    const error = await failed;
    expect(gist(error)).toEqual({ ...FAILED, code: "BAD_HANDSHAKE" });
    expect(error.message).toMatch(/: it refused the hello: /);
    expect(error.message).toContain(text);
  });
}

const LOSSES: readonly [what: string, bytes: string, sentence: string][] = [
  ["[F40] closes without a word", "", "it closed the connection during the handshake"],
  ["breaks off in the middle of its answer", '{"jsonrpc":"2.0"', "the connection ended in the middle of a message during the handshake"],
  ["says what is no message", "HTTP/1.1 400 Bad Request\r\n", "it sent a line that is no message: it is not JSON"],
  ["calls before it has proven itself", '{"jsonrpc":"2.0","id":0,"method":"ui.ask"}\n', 'it sent "ui.ask" before it had proven itself'],
  ["notifies before it has proven itself", '{"jsonrpc":"2.0","method":"rpc.log"}\n', 'it sent "rpc.log" before it had proven itself'],
];
for (const [what, bytes, sentence] of LOSSES) {
  test(`a plugin that ${what} ends the start`, async () => {
    await using plugin = await RawPlugin.listen();
    const failed = startFailure(plugin.client());
    const socket = await plugin.connection();
    await socket.message();
    socket.socket.end(bytes);
    const error = await failed;
    expect([gist(error), reason(error)]).toEqual([{ ...FAILED, code: "BAD_HANDSHAKE" }, sentence]);
    if (bytes === "") expect(error.message.split("\n").slice(1)).toEqual(["  It said nothing on stderr, where it could say why."]);
  });
}

test("[F40] a plugin that accepts and never speaks fails the start after helloTimeoutMs", async () => {
  await using plugin = await RawPlugin.listen();
  const failed = startFailure(plugin.client({ limits: { helloTimeoutMs: 100 } }));
  const socket = await plugin.connection();
  const error = await failed;
  expect([gist(error), reason(error)]).toEqual([
    { ...FAILED, code: "START_TIMEOUT" },
    "it was connected to, and did not answer the hello in 100 ms",
  ]);
  socket.destroy();
});
