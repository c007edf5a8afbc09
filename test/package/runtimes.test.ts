import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive } from "../kit/gate.js";
import { DEMO_MS, demoProject, ENV, expectDemo } from "./demo.js";
import type { PackedProject } from "./packed-project.js";
import { findRuntime } from "./tools.js";

const bun = findRuntime("bun");
const deno = findRuntime("deno");
interface Runtime {
  readonly command: readonly [file: string, ...args: string[]];
  readonly lack?: string | undefined;
}
const NODE: Runtime = { command: [process.execPath] };
const OTHERS: readonly (readonly [name: string, runtime: Runtime])[] = [
  ["Bun", { command: [bun.file], lack: bun.lack }],
  ["Deno", { command: [deno.file, "run", "--allow-all"], lack: deno.lack }],
];

let project: PackedProject;
beforeAll(() => {
  project = demoProject();
}, DEMO_MS);
afterAll(() => project[Symbol.dispose]());

for (const [name, runtime] of OTHERS) {
  const { lack } = runtime;
  const why = lack === undefined ? "" : ` (${lack})`;
  const pairs = [
    { where: `a host on ${name} and a plugin on Node.js`, host: runtime, plugin: NODE },
    { where: `a host on Node.js and a plugin on ${name}`, host: NODE, plugin: runtime },
    { where: `a host and a plugin on ${name}`, host: runtime, plugin: runtime },
  ];
  for (const { where, host, plugin } of pairs) {
    test.skipIf(lack !== undefined)(`${where} do all that they do on Node.js, over each transport${why}`, { timeout: DEMO_MS }, () => {
      expectDemo(project, [...host.command, "host.mjs"], [...plugin.command, "plugin.mjs"]);
    });
  }

  test.skipIf(lack !== undefined)(`[P7] a host on ${name} that is killed takes its plugin along${why}`, { timeout: DEMO_MS }, async () => {
    const [file, ...args] = runtime.command;
    const plugin = JSON.stringify([file, ...args, "plugin.mjs"]);
    const run = spawnSync(file, [...args, "host-killed.mjs", plugin], { cwd: project.dir, encoding: "utf8", env: ENV });
    expect(run.signal).toBe("SIGKILL");
    const pid = run.stdout.trim();
    expect(pid).toMatch(/^\d+$/);
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
}
