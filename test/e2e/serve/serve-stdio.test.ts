import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { defineContract, method } from "../../../src/index.js";
import { clientFor, fixture, memoryLogger, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
interface About {
  readonly args: string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
}
const obey = defineContract("obey", {
  print: method<{ to: number; base64: string }, void>(),
  about: method<void, About>(),
  exit: method<number, void>(),
});
const stdin = defineContract("stdin", { read: method<void, string>(), lifeline: method<void, string | null>() });
const who = defineContract("who", { name: method<void, string>() });

function sink(): { stream: Writable; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, bytes: () => Buffer.concat(chunks) };
}

test("[O17, O18] stderr and syncStderr get what the plugin writes to stderr, syncStdout what it writes to stdout, byte for byte", async () => {
  const [stderr, syncStdout, syncStderr] = [sink(), sink(), sink()];
  const logger = memoryLogger();
  const client = clientFor("obeys", { logger, stderr: stderr.stream, syncStdout: syncStdout.stream, syncStderr: syncStderr.stream });
  const { print } = await client.dispense(obey);
  // Every byte there is, halves of characters, no newline at the end, more than a pipe holds, and fewer lines than a flood has.
  const [out, err] = [randomBytes(100_000), Buffer.concat([randomBytes(100_000), Buffer.from("wörd\r\n\0")])];
  await Promise.all([print({ to: 1, base64: out.toString("base64") }), print({ to: 2, base64: err.toString("base64") })]);
  await print({ to: 2, base64: Buffer.from("\nin the log\n").toString("base64") });
  await client.kill();
  expect(syncStdout.bytes().equals(out)).toBe(true);
  expect(stderr.bytes().equals(Buffer.concat([err, Buffer.from("\nin the log\n")]))).toBe(true);
  expect(syncStderr.bytes().equals(stderr.bytes())).toBe(true);
  expect(logger.text).toContain("in the log");
});

test("[O17, O18, F22] a flood of stderr before the announcement goes to stderr whole, and to syncStderr not", async () => {
  const [stderr, syncStderr] = [sink(), sink()];
  const client = await startFixture("floods-stderr-first", { stderr: stderr.stream, syncStderr: syncStderr.stream });
  await client.kill();
  expect(stderr.bytes().length).toBe(2048 * 1024);
  // What is in the pipe while the announcement is read cannot be told from what comes after it.
  expect(syncStderr.bytes().length).toBeLessThan(2048 * 1024);
});

test("[O18] the announcement itself is not synced", async () => {
  const syncStdout = sink();
  const client = await startFixture("echo", { syncStdout: syncStdout.stream });
  await client.kill();
  expect(syncStdout.bytes().toString()).toBe("");
});

test("[O18] nothing is synced to this program's own streams where that is not asked for", async () => {
  const written: unknown[] = [];
  const { write: writeOut } = process.stdout;
  const { write: writeErr } = process.stderr;
  process.stdout.write = process.stderr.write = (chunk: unknown) => written.push(chunk) > 0;
  try {
    const client = clientFor("obeys", { logger: false });
    const { print } = await client.dispense(obey);
    const base64 = Buffer.from("not synced\n").toString("base64");
    await Promise.all([print({ to: 1, base64 }), print({ to: 2, base64 })]);
    expect(await client.kill()).toMatchObject({ kind: "killed" });
  } finally {
    process.stdout.write = writeOut;
    process.stderr.write = writeErr;
  }
  expect(written.join("")).not.toContain("not synced");
});

test("[O17] a writer that fails or has ended harms neither the host nor the plugin", async () => {
  const ended = new PassThrough();
  ended.end();
  const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
  const client = clientFor("obeys", { stderr: failing, syncStderr: ended });
  const { print } = await client.dispense(obey);
  const base64 = Buffer.from("x\n").toString("base64");
  for (let times = 0; times < 3; times++) await print({ to: 2, base64 });
  expect(await client.kill()).toMatchObject({ kind: "killed" });
});

test("[O22] what the host passes as stdin the plugin reads, its end included, and the lifeline is another descriptor", async () => {
  const text = "line 1\nline 2 ü\n".repeat(20_000);
  const client = clientFor("reads-stdin", { stdin: Readable.from([Buffer.from(text)]) });
  const remote = await client.dispense(stdin);
  expect(await remote.lifeline()).toBe("fd:3");
  expect((await remote.read()) === text).toBe(true);
  expect(client.state).toBe("ready");
  expect(await client.kill()).toMatchObject({ kind: "killed", forced: false });
});

test("[O22] the plugin reads what comes while it runs", async () => {
  const source = new PassThrough();
  const client = clientFor("reads-stdin", { stdin: source });
  const remote = await client.dispense(stdin);
  source.write("part");
  source.end(" and end");
  expect(await remote.read()).toBe("part and end");
  await client.kill();
});

test("[O22] without stdin a plugin's children find theirs at its end, and the plugin's lifeline is not theirs", async () => {
  const client = clientFor("child-reads-stdin");
  const { child } = await client.dispense(defineContract("parent", { child: method<void, string>() }));
  expect(await child()).toBe("its end\n");
  await client.kill();
});

test("[O13] the command runs with its arguments, directory and environment, and is what it was afterwards", async () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "cwd-")));
  const command = Object.freeze([fixture("obeys"), "--flag", "a b", "$HOME;'\""] as const);
  const client = clientFor("obeys", {
    command,
    cwd: pathToFileURL(dir),
    env: Object.freeze({ GREETING: "hi there" }),
    inheritEnv: ["PATH"],
  });
  const { args, cwd, env } = await (await client.dispense(obey)).about();
  await client.kill();
  rmSync(dir, { recursive: true });
  expect(args).toEqual(["--flag", "a b", "$HOME;'\""]);
  expect(cwd).toBe(dir);
  expect(env).toMatchObject({ GREETING: "hi there", PATH: process.env["PATH"] });
  expect(env).not.toHaveProperty("HOME");
  expect(env).not.toHaveProperty("PLUGIN_SECRET"); // The plugin's own children must not get it.
});

test.for(["kv", "log"])("[O8] serveMux() serves the plugin that the first argument names: %s", async (name) => {
  const client = clientFor("holds-several", { args: [name] });
  expect(await (await client.dispense(who)).name()).toBe(name);
  await client.kill();
});

test("[O22] the stream that was passed as stdin is the caller's: it lives on after the plugin", async () => {
  const source = new PassThrough();
  const client = await startFixture("reads-stdin", { stdin: source, killTimeoutMs: 200 });
  source.write("before");
  await client.kill();
  expect(source.destroyed).toBe(false);
  source.end("after");
  source.resume();
  await once(source, "end");
});
