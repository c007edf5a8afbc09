import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive } from "../kit/gate.js";
import { type PackedProject, packedProject, ROOT } from "../kit/packed-project.js";
import { findRuntime } from "../kit/tools.js";

const bun = findRuntime("bun");
const deno = findRuntime("deno");
const RUNTIMES: Readonly<Record<string, { readonly command: readonly [string, ...string[]]; readonly lack?: string | undefined }>> = {
  node: { command: [process.execPath] },
  bun: { command: [bun.file], lack: bun.lack },
  deno: { command: [deno.file, "run", "--allow-all"], lack: deno.lack },
};

let project: PackedProject;
beforeAll(() => {
  project = packedProject();
  cpSync(join(ROOT, "test/fixtures/runtimes"), project.dir, { recursive: true });
}, 60_000);
afterAll(() => project[Symbol.dispose]());

const PAIRS = ["bun", "deno"].flatMap((name) => [
  { host: name, plugin: "node" },
  { host: "node", plugin: name },
  { host: name, plugin: name },
]);
const lackOf = (...names: string[]): string | undefined => names.map((name) => RUNTIMES[name]?.lack).find((lack) => lack !== undefined);
const hostOf = (name: string): readonly [string, ...string[]] => RUNTIMES[name]?.command as [string, ...string[]];
const pluginOf = (name: string): string => JSON.stringify([...hostOf(name), "plugin.mjs"]);
// Neither asks a registry for anything, and no file of a user's matters.
const ENV = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1" };

const RESULTS = ["Hello, world!", 1_000_000, 2, [1, 2, 3], "REMOTE_ERROR: out of range"];
const EXPECTED = [
  ...["tcp", "unix", "websocket"].flatMap((transport) =>
    ["none", "auto"].map((tls) => ({ transport, tls, results: RESULTS, kind: "killed", forced: false, said: "cleaned up\n" })),
  ),
  { member: "throwLater", code: "CONNECTION_LOST", cause: "thrown later", kind: "exited", exitCode: 1 },
  { member: "rejectLater", code: "CONNECTION_LOST", cause: "rejected later", kind: "exited", exitCode: 1 },
];

for (const { host, plugin } of PAIRS) {
  const lack = lackOf(host, plugin);
  test.skipIf(lack !== undefined)(
    `on ${host} a host calls and ends a plugin on ${plugin} over each transport, and is told of its uncaught exceptions${lack ? ` (${lack})` : ""}`,
    () => {
      const [file, ...args] = hostOf(host);
      const { stdout, stderr, status } = spawnSync(file, [...args, "host.mjs", pluginOf(plugin)], {
        cwd: project.dir,
        encoding: "utf8",
        env: ENV,
        timeout: 25_000,
      });
      expect(stderr).toBe("");
      expect(
        stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual(EXPECTED);
      expect(status).toBe(0);
    },
  );
}

for (const name of ["bun", "deno"]) {
  const lack = lackOf(name);
  test.skipIf(lack !== undefined)(
    `[P7] a host on ${name} that is killed takes its plugin on ${name} along${lack ? ` (${lack})` : ""}`,
    async () => {
      const [file, ...args] = hostOf(name);
      const run = spawnSync(file, [...args, "host-killed.mjs", pluginOf(name)], { cwd: project.dir, encoding: "utf8", env: ENV });
      expect(run.signal).toBe("SIGKILL");
      const pid = run.stdout.trim();
      expect(pid).toMatch(/^\d+$/);
      await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    },
  );
}
