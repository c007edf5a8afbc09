import { chmodSync, closeSync, copyFileSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, type ClientOptions, NewClient, type StartReason } from "../../../src/index.js";
import { startFailure } from "../../client/start/start-failure.js";
import { clientFor, rejection, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "r-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(content: string, mode = 0o755): string {
  const file = join(dir, "plugin");
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

/** A program of this system, which is open for writing until it is closed. */
function written(): { readonly file: string; readonly descriptor: number } {
  const file = join(dir, "program");
  copyFileSync("/bin/true", file);
  chmodSync(file, 0o755);
  return { file, descriptor: openSync(file, "r+") };
}

const inDir = (command: string, options: Partial<ClientOptions> = {}): Client => NewClient({ command, cwd: dir, ...options });
const digest = { algorithm: "sha256", digest: "0".repeat(64) };
const soon = { limits: { helloTimeoutMs: 300 } };
const FAILURES: readonly [reason: StartReason, retryable: boolean, what: string, make: () => Client, code: string, step: string][] = [
  ["missing", false, "whose file is not there", () => inDir("./gone"), "START_FAILED", "spawn"],
  ["missing", false, "whose interpreter is not there", () => inDir(put("#!/usr/bin/gone\n")), "START_FAILED", "spawn"],
  ["missing", false, "that is on no PATH", () => inDir("surely-no-such-program"), "START_FAILED", "spawn"],
  ["missing", false, "whose cwd is not there", () => inDir("./a", { cwd: join(dir, "gone") }), "START_FAILED", "spawn"],
  ["permission", false, "that is not executable", () => inDir(put("#!/bin/sh\n", 0o644)), "START_FAILED", "spawn"],
  ["format", false, "that is no program", () => inDir(put("echo\n")), "START_FAILED", "spawn"],
  ["format", false, "that is a directory", () => inDir(dir), "START_FAILED", "spawn"],
  ["checksum", false, "of another digest", () => clientFor("echo", { checksum: digest }), "CHECKSUM_MISMATCH", "checksum"],
  [
    "version",
    false,
    "that speaks no version of ours",
    () => clientFor("speaks-versions", { args: ["1"], apiVersions: [2] }),
    "VERSION_MISMATCH",
    "hello",
  ],
  ["options", false, "whose config cannot be sent", () => clientFor("echo", { config: { n: 1n } }), "START_FAILED", "options"],
  [
    "options",
    false,
    "with arguments too large",
    () => inDir(put(`#!/bin/sh\n`), { env: { X: "x".repeat(2 ** 22) } }),
    "START_FAILED",
    "spawn",
  ],
  [
    "declined",
    false,
    "that declines",
    () => clientFor("configures", { config: { what: "decline", why: "no licence" } }),
    "START_FAILED",
    "ready",
  ],
  ["exited", true, "that exits", () => clientFor("exits-before-announcing", { args: ["3"] }), "START_FAILED", "announcement"],
  [
    "exited",
    true,
    "that exits as it configures itself",
    () => clientFor("configures", { config: { what: "exit", code: 3 } }),
    "START_FAILED",
    "ready",
  ],
  ["silent", true, "that announces nothing", () => clientFor("prints-and-waits", { startTimeoutMs: 500 }), "START_TIMEOUT", "announcement"],
  ["silent", true, "that answers no hello", () => clientFor("listens-badly", { args: ["mute"], ...soon }), "START_TIMEOUT", "hello"],
  [
    "silent",
    true,
    "that is never configured",
    () => clientFor("configures", { config: { what: "hang" }, startTimeoutMs: 2_000 }),
    "START_TIMEOUT",
    "ready",
  ],
  ["unreachable", true, "that does not listen", () => clientFor("listens-badly", { args: ["never"], ...soon }), "START_FAILED", "connect"],
  ["unreachable", true, "that closes the connection", () => clientFor("listens-badly", { args: ["closes"] }), "BAD_HANDSHAKE", "hello"],
  [
    "untrusted",
    false,
    "that announces itself elsewhere",
    () => clientFor("prints-and-waits", { args: ["1|1|tcp|93.184.216.34:80|jsonrpc|"] }),
    "BAD_HANDSHAKE",
    "announcement",
  ],
];

for (const [reason, retryable, what, make, code, step] of FAILURES) {
  test(`[P4] the start of a plugin ${what} fails with reason ${reason}, ${retryable ? "" : "not "}worth trying again`, async () => {
    const error = await startFailure(make());
    expect(error).toMatchObject({ reason, retryable, retryAfterMs: undefined, code, step });
  });
}

test("[P4, F24] a start for which the system lacks something fails with reason resources, and goes on to exit once it does not", async () => {
  const { file, descriptor } = written();
  const error = await startFailure(inDir(file));
  expect(error).toMatchObject({ reason: "resources", retryable: true, code: "START_FAILED", step: "spawn" });
  expect(error.message).toContain("(ETXTBSY)");
  closeSync(descriptor);
  expect(await startFailure(inDir(file))).toMatchObject({ reason: "exited", exitCode: 0 });
});

test("[P4] a file that other users may change has a checksum in vain: reason untrusted", async () => {
  const file = put("#!/bin/sh\n", 0o777);
  expect(await startFailure(inDir(file, { checksum: digest }))).toMatchObject({ reason: "untrusted", retryable: false, step: "checksum" });
});

test("[P4] what this program itself did to a start has reason options: killed while it started, started twice", async () => {
  const client = clientFor("configures", { config: { what: "hang" } });
  const started = rejection(client.start());
  await client.kill();
  expect(await started).toMatchObject({ reason: "options", retryable: false });
  expect(await rejection(client.start())).toMatchObject({ reason: "options", step: "options" });
});

test("[P4] a plugin that has ended cannot be attached to: reason missing", async () => {
  const owner = await startFixture("echo");
  const { reattachConfig: reattach } = owner;
  await owner.kill();
  expect(await rejection(NewClient({ reattach: reattach as NonNullable<typeof reattach> }).start())).toMatchObject({ reason: "missing" });
});

const DELAYS: readonly [given: unknown, told: number | undefined][] = [
  [250, 250],
  [0, 0],
  [-1, undefined],
  ["250", undefined],
  [null, undefined],
];
test.each(DELAYS)("[P4] a plugin that declines with retryAfterMs %j is worth trying again after %j ms", async (retryAfterMs, told) => {
  const error = await startFailure(clientFor("configures", { config: { what: "decline", why: "no licence yet", retryAfterMs } }));
  expect(error).toMatchObject({ reason: "declined", retryAfterMs: told, retryable: told !== undefined });
  expect(error.message.includes(`\n  It says to start it again in ${told} ms.`)).toBe(told !== undefined);
});
