import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, type ClientOptions, defineContract, method, NewClient } from "../../../src/index.js";
import { gist, reason, startFailure } from "../../client/start/start-failure.js";
import { fixture, memoryLogger } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { NOBODY, whyNoNobody } from "../../kit/nobody.js";

gate();

const echo = defineContract("echo", { echo: method<unknown, unknown>() });
let dir: string;
/** A plugin of our own, and what says that something else ran. */
let plugin: string;
let mark: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "checksum-"));
  mark = join(dir, "ran");
  plugin = join(dir, "plugin.mjs");
  const source = readFileSync(fixture("echo"), "utf8").replace('"mortise/plugin"', JSON.stringify(import.meta.resolve("mortise/plugin")));
  writeFileSync(plugin, source, { mode: 0o755 });
});
afterEach(() => rmSync(dir, { recursive: true }));

const EVIL = (): string => `#!${process.execPath}\nimport { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(mark)}, "");\n`;
const digestOf = (file: string, algorithm = "sha256"): string => createHash(algorithm).update(readFileSync(file)).digest("hex");

function putEvil(): void {
  writeFileSync(join(dir, "evil"), EVIL(), { mode: 0o755 });
  renameSync(join(dir, "evil"), plugin);
}

function clientOf(file: string, digest: string, options: Partial<ClientOptions> = {}): Client {
  return NewClient({ command: file, checksum: { algorithm: "sha256", digest }, minPort: 0, maxPort: 0, ...options });
}

const FAILED = { code: "CHECKSUM_MISMATCH", step: "checksum", exitCode: null, signal: null };

test("[O29] a plugin starts whose file has the digest that was asked for, in either case of letters, by any algorithm", async () => {
  for (const checksum of [
    { algorithm: "sha256", digest: digestOf(plugin) },
    { algorithm: "sha256", digest: digestOf(plugin).toUpperCase() },
    { algorithm: "sha512", digest: digestOf(plugin, "sha512") },
  ]) {
    await using client = NewClient({ command: plugin, checksum, minPort: 0, maxPort: 0 });
    expect(await (await client.dispense(echo)).echo(1)).toBe(1);
  }
});

test("[O29] a script with a #! line is hashed itself, not its interpreter", async () => {
  const script = join(dir, "plugin");
  writeFileSync(script, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  const right = await startFailure(clientOf(script, digestOf(script)));
  expect(gist(right)).toMatchObject({ code: "START_FAILED", exitCode: 3 });
  const wrong = await startFailure(clientOf(script, digestOf("/bin/sh")));
  expect(gist(wrong)).toEqual(FAILED);
});

test("[O29] a program is hashed itself", async () => {
  const program = join(dir, "program");
  copyFileSync("/bin/true", program);
  chmodSync(program, 0o755);
  expect(gist(await startFailure(clientOf(program, digestOf(program))))).toMatchObject({ code: "START_FAILED", exitCode: 0 });
  expect(gist(await startFailure(clientOf(program, "0".repeat(64))))).toEqual(FAILED);
});

test("[O29] a changed file is not run, and the error has both digests", async () => {
  const before = digestOf(plugin);
  writeFileSync(plugin, EVIL());
  const error = await startFailure(clientOf(plugin, before));
  expect(gist(error)).toEqual(FAILED);
  expect(error.message).toBe(
    `Cannot start plugin "${plugin}": the sha256 digest of its file "${plugin}" is ${digestOf(plugin)}, and ${before} was asked for: it was not run\n` +
      "  Install it anew, or give its new digest if you trust the change.",
  );
  expect(existsSync(mark)).toBe(false);
});

for (const [how, replace] of [
  ["renamed over", putEvil],
  ["written to", () => writeFileSync(plugin, EVIL())],
  ["taken away", () => renameSync(plugin, join(dir, "away"))],
] as const) {
  test(`[F44] a file that is ${how} between the check and the start is not run`, async () => {
    // What the logger is told comes between the two.
    const logger = { ...memoryLogger(), debug: (message: string) => void (message.startsWith("Starting plugin") && replace()) };
    const error = await startFailure(clientOf(plugin, digestOf(plugin), { logger }));
    expect(gist(error)).toEqual(FAILED);
    expect(reason(error)).toBe(`its file "${plugin}" was replaced or changed between the check of its checksum and its start`);
    expect(existsSync(mark), "it ran").toBe(false);
  });
}

test("[F44] a file that is put back after another was run in its place is ended", async () => {
  const evil = join(dir, "evil");
  writeFileSync(evil, "#!/bin/sh\nsleep 60\n", { mode: 0o755 });
  const script = join(dir, "plugin");
  writeFileSync(script, "#!/bin/sh\nsleep 60\n# good\n", { mode: 0o755 });
  const runtime: ClientOptions["runtime"] = {
    start: async () => {
      renameSync(script, join(dir, "away"));
      renameSync(evil, script);
      renameSync(script, evil);
      renameSync(join(dir, "away"), script);
      let end!: (exit: { exitCode: null; signal: NodeJS.Signals }) => void;
      const exited = new Promise<{ exitCode: null; signal: NodeJS.Signals }>((resolve) => {
        end = resolve;
      });
      const nothing = async function* () {};
      return {
        id: "x",
        stdin: undefined,
        stdout: nothing(),
        stderr: nothing(),
        exited,
        signal: (signal) => end({ exitCode: null, signal }),
      };
    },
  };
  expect(gist(await startFailure(clientOf(script, digestOf(script), { runtime })))).toMatchObject({
    code: "CHECKSUM_MISMATCH",
    step: "checksum",
  });
});

for (const [what, mode] of [
  ["the file", 0o757],
  ["the directory", 0o777],
] as const) {
  test(`[F44] ${what} that every user can write to is refused with a checksum, and runs without`, async () => {
    const path = what === "the file" ? plugin : dir;
    chmodSync(path, mode);
    const error = await startFailure(clientOf(plugin, digestOf(plugin)));
    expect(gist(error)).toEqual({ ...FAILED, code: "START_FAILED" });
    expect(error.message).toBe(
      `Cannot start plugin "${plugin}": its checksum would say nothing: every user can write to "${path}"\n` +
        "  Take that right away (chmod go-w, chown), or start it without a checksum.",
    );
    await using client = NewClient({ command: plugin, minPort: 0, maxPort: 0 });
    await client.start();
  });
}

test("[F44] a directory above that others can write to is refused, and one with the sticky bit is not", async () => {
  const inner = join(dir, "inner");
  mkdirSync(inner);
  const moved = join(inner, "plugin.mjs");
  renameSync(plugin, moved);
  chmodSync(dir, 0o1777);
  const client = clientOf(moved, digestOf(moved));
  await client.start();
  await client.kill();
  chmodSync(dir, 0o777);
  expect(reason(await startFailure(clientOf(moved, digestOf(moved))))).toBe(
    `its checksum would say nothing: every user can write to "${dir}"`,
  );
});

for (const [what, target, path] of [
  ["a link to the file", "plugin.mjs", "link"],
  ["a link to its directory", ".", "link/plugin.mjs"],
] as const) {
  test(`[F44] ${what} that every user can change is refused with a checksum`, async () => {
    const open = join(dir, "open");
    mkdirSync(open);
    symlinkSync(join(dir, target), join(open, "link"));
    const client = (): Client => clientOf(join(open, path), digestOf(plugin));
    // Others cannot change what is ours there.
    chmodSync(open, 0o1777);
    const { code } = await startFailure(
      NewClient({ command: join(open, path), checksum: { algorithm: "sha256", digest: "0".repeat(64) } }),
    );
    expect(code).toBe("CHECKSUM_MISMATCH");
    chmodSync(open, 0o777);
    expect(reason(await startFailure(client()))).toBe(`its checksum would say nothing: every user can write to "${open}"`);
    if (whyNoNobody !== undefined) return;
    chmodSync(open, 0o1777);
    lchownSync(join(open, "link"), NOBODY, NOBODY);
    expect(reason(await startFailure(client()))).toBe(
      `its checksum would say nothing: the link "${join(open, "link")}" belongs to user ${NOBODY}`,
    );
  });
}

test.skipIf(whyNoNobody !== undefined)("[F44] a file or directory of another user is refused with a checksum", async () => {
  const { chownSync } = await import("node:fs");
  for (const path of [plugin, dir]) {
    chownSync(path, NOBODY, NOBODY);
    expect(reason(await startFailure(clientOf(plugin, digestOf(plugin))))).toBe(
      `its checksum would say nothing: "${path}" belongs to user ${NOBODY}`,
    );
    chownSync(path, 0, 0);
  }
});

const ALGORITHM = 'and it must be one that this Node.js knows, as "sha256"';
const G = "g".repeat(64);
test.each([
  [{ algorithm: "sha257", digest: "00" }, `checksum.algorithm is "sha257", ${ALGORITHM}`],
  [{ algorithm: "sha256", digest: "00" }, 'checksum.digest is "00", and it must be 64 hex digits, as sha256 gives them'],
  [{ algorithm: "sha256", digest: G }, `checksum.digest is "${G}", and it must be 64 hex digits, as sha256 gives them`],
  [{ digest: "00" }, `checksum.algorithm is undefined, ${ALGORITHM}`],
  [{ algorithm: "sha256" }, "checksum.digest is undefined, and it must be 64 hex digits, as sha256 gives them"],
  [{ algorithm: "sha256", hash: "00" }, 'there is no option "checksum.hash"; the options are algorithm, digest'],
  [null, "checksum is null, and it must be an object with algorithm, digest"],
])("[O29] NewClient() refuses the checksum %j", (checksum, sentence) => {
  expect(() => NewClient({ command: "x", checksum: checksum as never })).toThrow(new TypeError(`Cannot create a client: ${sentence}`));
});
