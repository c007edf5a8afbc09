import { readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { prove } from "../../src/handshake/proof.js";
import { defineContract, implement, method, NewClient } from "../../src/index.js";
import { resolveServeOptions } from "../../src/serve/options.js";
import { startServer } from "../../src/serve/server.js";
import { FrameReader } from "../../src/wire/framing/frame-reader.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { hmac, RawPlugin } from "../kit/raw/raw-plugin.js";
import { RawSocket } from "../kit/raw/raw-socket.js";
import { hasPython } from "./has-python.js";

gate();
const greeter = defineContract("greeter", { greet: method<{ name: string }, string>() });
const DOCUMENT = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const SESSION = readFileSync(new URL("../../examples/docs/session.txt", import.meta.url), "utf8");
const LINES = SESSION.trimEnd()
  .split("\n")
  .map((line) => ({ from: line.slice(0, 8).trim(), text: line.slice(8) }));

/** The test vector as the document has it. */
const VECTOR = Object.fromEntries(
  [...DOCUMENT.matchAll(/^(secret|H|P|plugin|host) += ([0-9a-f]{64})$/gm)].map(([, name, value]) => [name, value as string]),
);
const vector = (name: string): string => VECTOR[name] ?? "not in the document";

test("docs/protocol.md has a test vector that the proofs agree with", () => {
  const challenges = { host: vector("H"), plugin: vector("P") };
  expect(prove("plugin", vector("secret"), challenges)).toBe(VECTOR["plugin"]);
  expect(prove("host", vector("secret"), challenges)).toBe(VECTOR["host"]);
  expect(SESSION).toContain(`"proof":"${VECTOR["plugin"]}"`);
  expect(SESSION).toContain(`"proof":"${VECTOR["host"]}"`);
});

test("docs/protocol.md shows the bytes of a line of the session", () => {
  const hex = [...DOCUMENT.matchAll(/^(?:[0-9a-f]{2} ?)+$/gm)].join("").replaceAll(" ", "");
  const line = Buffer.from(hex, "hex").toString();
  expect(LINES.map(({ text }) => `${text}\n`)).toContain(line);
});

test("docs/protocol.md shows a frame byte by byte, and what is in it", () => {
  const [, table = ""] = /^## 6\. Frames\n[\s\S]*?^```text\n([\s\S]*?)^```$/m.exec(DOCUMENT) ?? [];
  const rows = table.split("\n").map((row) => /^(?:[0-9a-f]{2} )*[0-9a-f]{2}(?= {3})/.exec(row)?.[0] ?? "");
  const [frame, ...more] = new FrameReader({ maxMessageBytes: 1_024, maxRawBytes: 1_024 }).push(
    Buffer.from(rows.join("").replaceAll(" ", ""), "hex"),
  );
  expect(more).toEqual([]);
  const { message, bytes = [] } = frame as { message?: string; bytes?: Uint8Array };
  expect(message).toBe('{"jsonrpc":"2.0","id":7,"refs":{"/image":{"bytes":[0,3]}},"result":{"image":null}}');
  expect([...bytes]).toEqual([0xca, 0xfe, 0]);
});

/** A line of the session with this conversation's secret and challenges in the place of the document's, and no names. */
function inThisConversation(text: string, secret: string, h: string, p: string): string {
  return withoutNames(text)
    .replace(vector("plugin"), hmac(secret, `plugin:${h}:${p}`))
    .replace(vector("host"), hmac(secret, `host:${h}:${p}`))
    .replace(vector("H"), h)
    .replace(vector("P"), p);
}
const withoutNames = (line = ""): string => line.replace(/"info":\{"name":"[^"]*"\}/, '"info":{}');
const challengeIn = (line: string): string => /"challenge":"([0-9a-f]{64})"/.exec(line)?.[1] ?? "";

test("a plugin answers each line of the session in docs/protocol.md with the line shown", async () => {
  const secret = vector("secret");
  const provides = [implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })];
  const env = {
    apiVersions: [1],
    transport: "tcp",
    minPort: 0,
    maxPort: 0,
    unixSocketDir: undefined,
    secret,
    lifeline: undefined,
  } as const;
  const server = await startServer({ ...resolveServeOptions({ provides }), env, info: { name: "plugin.js" } });
  const socket = new RawSocket(createConnection(server.address.network === "tcp" ? server.address.port : 0, "127.0.0.1"));
  let p = "";
  for (const { from, text } of LINES) {
    if (from === "host") {
      // A host that has lines alone: this plugin would choose frames.
      socket.write(`${inThisConversation(text, secret, vector("H"), p).replace('"packets",', "")}\n`);
    } else {
      const line = (await socket.line()) ?? "";
      if (p === "") p = challengeIn(line);
      expect(withoutNames(line)).toBe(inThisConversation(text, secret, vector("H"), p));
    }
  }
  await server.stopped;
  await server.close();
});

test("a host sends each line of the session in docs/protocol.md as it is shown", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client({ killTimeoutMs: 2_000 });
  const greeting = client.client().then(async (connection) => {
    const answers = [await connection.call("greeter.greet", { name: "world" }), await rejection(connection.call("greeter.shout", "world"))];
    await connection.ping();
    void client.kill();
    return answers;
  });
  const socket = await plugin.connection();
  const secret = plugin.env["PLUGIN_SECRET"] as string;
  let h = "";
  for (const { from, text } of LINES) {
    if (from === "plugin") {
      socket.write(`${inThisConversation(text, secret, h, vector("P"))}\n`);
    } else {
      const line = (await socket.line()) ?? "";
      if (h === "") h = challengeIn(line);
      expect(withoutNames(line)).toBe(inThisConversation(text, secret, h, vector("P")));
    }
  }
  expect(await greeting).toEqual(["Hello, world!", expect.objectContaining({ code: "NOT_PROVIDED" })]);
  plugin.exit();
  expect(await client.kill()).toMatchObject({ kind: "killed", forced: false });
});

test.skipIf(!hasPython)(
  "the Python plugin of docs/protocol.md is called, refuses what it lacks, and ends when it is asked to",
  async () => {
    const file = fileURLToPath(new URL("../../examples/docs/minimal-plugin.py", import.meta.url));
    const client = NewClient({ command: ["python3", file], minPort: 0, maxPort: 0 });
    const { greet } = await client.dispense(greeter);
    expect(await greet({ name: "world" })).toBe("Hello, world!");
    const connection = await client.client();
    expect(await rejection(connection.call("greeter.shout"))).toMatchObject({ code: "NOT_PROVIDED" });
    expect(await rejection(connection.call("greeter.greet", 5))).toMatchObject({ code: "REMOTE_ERROR" });
    expect(await connection.ping()).toBeGreaterThanOrEqual(0);
    expect(await client.kill()).toMatchObject({ kind: "killed", forced: false });
  },
);
