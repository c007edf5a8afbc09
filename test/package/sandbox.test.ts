import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEMO_MS, demoProject, ENV, expectDemo } from "./demo.js";
import { type PackedProject, ROOT } from "./packed-project.js";
import { findRuntime } from "./tools.js";

let project: PackedProject;
beforeAll(() => {
  project = demoProject();
}, DEMO_MS);
afterAll(() => project[Symbol.dispose]());

const knows = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag);
/** As docs/sandbox.md has it. The packages of a project are links into this checkout. */
const nodeFlags = (): string[] => [
  knows("--permission") ? "--permission" : "--experimental-permission",
  ...(knows("--allow-net") ? ["--allow-net"] : []),
  `--allow-fs-read=${project.dir}/*`,
  `--allow-fs-read=${ROOT}*`,
];
const COOKIE = "OTTO_PLUGIN_MAGIC_COOKIE";
const DENO_FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", `--allow-env=PLUGIN_*,${COOKIE}`];

/** What becomes of an attempt to read a file of the plugin's own, and one elsewhere. */
function read(command: readonly string[]): string[] {
  const args = ["host-reads.mjs", JSON.stringify(command), join(project.dir, "plugin.mjs"), "/etc/passwd"];
  return execFileSync(process.execPath, args, { cwd: project.dir, encoding: "utf8", env: ENV }).trim().split("\n");
}

test("a plugin below the permission model of Node.js does all that it does without, over each transport", { timeout: DEMO_MS }, () => {
  const command = [process.execPath, ...nodeFlags(), `--allow-fs-write=${tmpdir()}/mortise-*`, "plugin.mjs"];
  // Node.js 20 says that it is an experiment.
  expectDemo(project, [process.execPath, "host.mjs"], command, { NODE_NO_WARNINGS: "1" });
});

test("a plugin below the permission model of Node.js reads its own files and no others", () => {
  expect(read([process.execPath, ...nodeFlags(), "plugin.mjs"])).toEqual(["read", "ERR_ACCESS_DENIED"]);
});

const deno = findRuntime("deno");
test.skipIf(deno.lack !== undefined)(
  `a plugin on Deno needs its host's variables and loopback, and may read what it is let${deno.lack === undefined ? "" : ` (${deno.lack})`}`,
  () => {
    const command = [deno.file, "run", ...DENO_FLAGS, `--allow-read=${project.dir}`, "plugin.mjs"];
    expect(read(command)).toEqual(["read", "NotCapable"]);
  },
);
