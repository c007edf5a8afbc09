import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type PackedProject, packedProject, ROOT } from "./packed-project.js";

/** Nothing asks a registry for anything. */
export const ENV: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1" };

const RESULTS = ["Hello, world!", 1_000_000, 2, [1, 2, 3], "REMOTE_ERROR: out of range"];
const PRINTED = [
  ...["tcp", "unix", "websocket"].flatMap((transport) =>
    ["none", "auto"].map((tls) => ({ transport, tls, results: RESULTS, kind: "killed", forced: false, said: "cleaned up\n" })),
  ),
  { member: "throwLater", code: "CONNECTION_LOST", cause: "thrown later", kind: "exited", exitCode: 1 },
  { member: "rejectLater", code: "CONNECTION_LOST", cause: "rejected later", kind: "exited", exitCode: 1 },
];

/** Long enough on a machine with much else to do, for what takes a second or two. */
export const DEMO_MS = 60_000;

/** A project that has the packed package, and in it the host and the plugin of `test/fixtures/runtimes`. */
export function demoProject(): PackedProject {
  const project = packedProject();
  cpSync(join(ROOT, "test/fixtures/runtimes"), project.dir, { recursive: true });
  return project;
}

/** Runs the demo's host with a plugin, and expects of it all that a host does with a plugin. */
export function expectDemo(
  { dir }: PackedProject,
  [file, ...args]: readonly [file: string, ...args: string[]],
  plugin: readonly string[],
  env: Readonly<Record<string, string>> = {},
): void {
  const options = { cwd: dir, encoding: "utf8", env: { ...ENV, ...env }, timeout: DEMO_MS - 5_000 } as const;
  const { stdout, stderr, status } = spawnSync(file, [...args, JSON.stringify(plugin)], options);
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n").map(readLine)).toEqual(PRINTED);
  expect(status).toBe(0);
}

function readLine(line: string): unknown {
  return JSON.parse(line);
}
