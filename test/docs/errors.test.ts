import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { websocketClient } from "../../src/connectors/index.js";
import { Host } from "../../src/host/index.js";
import { type ClientOptions, defineTopics, hook, implement, NewClient, StartError, type StartReason, veto } from "../../src/index.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { RawPlugin } from "../kit/raw/raw-plugin.js";
import { expectShown } from "./expect-shown.js";

gate();
const DOCUMENT = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
const SOURCE = readFileSync(new URL("../../src/errors.ts", import.meta.url), "utf8");
const PLUGINS = new URL("plugins/", import.meta.url);

function clientOf(file: string, options: Partial<ClientOptions> = {}): ReturnType<typeof NewClient> {
  return NewClient({ command: file, cwd: PLUGINS, minPort: 0, maxPort: 0, ...options });
}

test("docs/errors.md has a heading for each error code, and for nothing else", () => {
  const union = /export type PluginErrorCode =([^;]+);/.exec(SOURCE)?.[1] ?? "";
  const codes = [...union.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code);
  const headings = [...DOCUMENT.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(codes.length).toBeGreaterThan(0);
  expect(headings).toEqual(codes);
});

test("docs/errors.md says of each reason for which a start fails whether it is retryable", () => {
  const union = /export type StartReason =([^;]+);/.exec(SOURCE)?.[1] ?? "";
  const reasons = [...union.matchAll(/"([a-z]+)"/g)].map(([, reason]) => reason as StartReason);
  const rows = [...DOCUMENT.matchAll(/^\| `([a-z]+)` \| .* \| (yes|no|where .*) \|$/gm)].map(([, reason, retryable]) => [
    reason,
    retryable,
  ]);
  const retryable = (reason: StartReason, retryAfterMs?: number): boolean =>
    new StartError("START_FAILED", "m", { step: "ready", command: "x", reason, retryAfterMs }).retryable;
  expect(reasons).toHaveLength(12);
  expect(rows.map(([reason]) => reason)).toEqual(reasons);
  expect(rows.filter(([, said]) => said === "yes").map(([reason]) => reason)).toEqual(reasons.filter((reason) => retryable(reason)));
  expect(rows.find(([reason]) => reason === "declined")?.[1]).toContain("`retryAfterMs`");
  expect(retryable("declined", 0)).toBe(true);
});

const STARTS: readonly [code: string, why: string, file: string, options: Partial<ClientOptions>][] = [
  ["START_FAILED", "a plugin that exits early", "./exits.mjs", {}],
  ["START_TIMEOUT", "a silent plugin", "./silent.mjs", { startTimeoutMs: 500, killTimeoutMs: 10 }],
  ["BAD_HANDSHAKE", "an address that is not allowed", "./elsewhere.mjs", {}],
  ["VERSION_MISMATCH", "a plugin of another apiVersion", "./kv.mjs", { apiVersions: [3, 2] }],
];
for (const [code, why, file, options] of STARTS) {
  test(`docs/errors.md shows what ${code} says for ${why}`, async () => {
    await expectShown(await rejection(clientOf(file, options).start()), code);
  });
}

test("docs/errors.md shows what UNREACHABLE says for a port on which nobody listens", async () => {
  const retry = { interval_ms: 1, max_retries: 3 };
  const client = websocketClient({ url: "ws://127.0.0.1:1/", codec: "json", reconnect: { retry } });
  await expectShown(await rejection(client.start()), "UNREACHABLE");
});

test("docs/errors.md shows what CHECKSUM_MISMATCH says for a file that was changed", async () => {
  const checksum = { algorithm: "sha256", digest: "0".repeat(64) };
  const dir = mkdtempSync(join(tmpdir(), "checksum-"));
  try {
    writeFileSync(join(dir, "kv.mjs"), "// Changed.\n");
    const error = await rejection(NewClient({ command: "./kv.mjs", cwd: dir, checksum }).start());
    await expectShown({ code: error["code"], message: error.message.replaceAll(dir, "/srv/plugins") }, "CHECKSUM_MISMATCH");
  } finally {
    rmSync(dir, { recursive: true });
  }
});

const CALLS: readonly [code: string, method: string, input: unknown, options: Partial<ClientOptions>][] = [
  ["UNAUTHORIZED", "kv.forbid", undefined, {}],
  ["LIMIT_EXCEEDED", "kv.get", { key: "x".repeat(2_000) }, { limits: { maxMessageBytes: 1_024 } }],
  ["INVALID_INPUT", "kv.get", {}, {}],
  ["INVALID_OUTPUT", "kv.size", undefined, {}],
  ["CALL_TIMEOUT", "kv.wait", undefined, { callTimeoutMs: 100 }],
  ["REMOTE_ERROR", "kv.drop", undefined, {}],
];
for (const [code, method, input, options] of CALLS) {
  test(`docs/errors.md shows what ${code} says for a call`, async () => {
    await using client = clientOf("./kv.mjs", options);
    const connection = await client.client();
    await expectShown(await rejection(connection.call(method, input)), code);
  });
}

test("docs/errors.md shows what NOT_PROVIDED says for a contract and for a name", async () => {
  await using client = clientOf("./kv.mjs");
  const connection = await client.client();
  await expectShown(await rejection(connection.call("kv.put")), "NOT_PROVIDED");
  await expectShown(await rejection(client.dispense({ name: "log", members: {} })), "NOT_PROVIDED", "NOT_PROVIDED-contract");
});

test("docs/errors.md shows what BUSY says when too many calls wait", async () => {
  await using client = clientOf("./kv.mjs", { limits: { maxPendingCalls: 2 }, killTimeoutMs: 50 });
  const connection = await client.client();
  const waiting = Promise.all([1, 2].map(() => rejection(connection.call("kv.wait"))));
  await expectShown(await rejection(connection.call("kv.get", { key: "a" })), "BUSY");
  await client.kill();
  await waiting;
});

test("docs/errors.md shows what CONNECTION_CLOSED and NOT_SENT say after close()", async () => {
  await using client = clientOf("./kv.mjs");
  const connection = await client.client();
  const waiting = rejection(connection.call("kv.wait"));
  await connection.close();
  await expectShown(await waiting, "CONNECTION_CLOSED");
  await expectShown(await rejection(connection.call("kv.get", { key: "a" })), "NOT_SENT");
});

test("docs/errors.md shows what CONNECTION_LOST says when the plugin is killed", async () => {
  await using plugin = await RawPlugin.listen();
  await using client = plugin.client({ command: "./kv.mjs" });
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const call = rejection(connection.call("kv.get", { key: "a" }));
  await socket.message();
  plugin.exit(null, "SIGKILL");
  socket.destroy();
  await expectShown(await call, "CONNECTION_LOST");
});

test("docs/errors.md shows what CANCELLED says when the plugin ends a call unasked", async () => {
  await using plugin = await RawPlugin.listen();
  await using client = plugin.client({ command: "./kv.mjs" });
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const call = rejection(connection.call("kv.get", { key: "a" }));
  const { id } = await socket.message();
  socket.send({ jsonrpc: "2.0", id, error: { code: -32800, message: "The call was ended: its 100 ms passed" } });
  await expectShown(await call, "CANCELLED");
});

test("docs/errors.md shows what PROTOCOL_VIOLATION says of a line that is no message", async () => {
  await using plugin = await RawPlugin.listen();
  await using client = plugin.client({ command: "./kv.mjs" });
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  socket.write("hello\n");
  const reason = await connection.closed;
  await expectShown(reason.kind === "lost" && reason.error, "PROTOCOL_VIOLATION");
});

test("docs/errors.md shows what hosts of many plugins say", async () => {
  const posts = defineTopics("blog", { publish: hook<{ title: string }>() });
  const titled = implement(posts, {
    publish: ({ title }) => {
      if (title === "") throw veto("a post needs a title");
    },
  });
  const host = new Host({ topics: posts, plugins: [{ id: "titles", mode: "inline", provides: [titled] }] });
  await host.load({ id: "spelling", mode: "inline", provides: [] });
  await expect.poll(() => host.getSession("titles").activeState).toBe("active");
  await host.ready();
  await host.getSession("titles").setActiveState("active");
  await expectShown(await rejection(host.bus.pipe("publish", { title: "" })), "VETOED");
  await expectShown(await rejection(host.load({ id: "spelling", mode: "inline", provides: [], order: 1 })), "CONFLICT");
  const unknown = await rejection(Promise.resolve().then(() => host.getSession("speling")));
  await expectShown(unknown, "UNKNOWN_PLUGIN");
  await host.close();
  const configure = (): never => {
    throw new Error("there is no device at /dev/ttyUSB0");
  };
  const needy = new Host({ plugins: [{ id: "printer", mode: "inline", provides: [], required: true, configure }] });
  await expectShown(await rejection(needy.ready()), "NOT_READY");
});
