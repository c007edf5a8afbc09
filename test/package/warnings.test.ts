import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEMO_MS, demoProject, ENV, expectDemo } from "./demo.js";
import type { PackedProject } from "./packed-project.js";

// In the environment, so that plugins are run with it, too.
const STRICT = { NODE_OPTIONS: "--trace-warnings --trace-deprecation --unhandled-rejections=strict" };

let project: PackedProject;
beforeAll(() => {
  project = demoProject();
}, DEMO_MS);
afterAll(() => project[Symbol.dispose]());

test("neither a host nor its plugins are warned of anything, over each transport", { timeout: DEMO_MS }, () => {
  expectDemo(project, [process.execPath, "host.mjs"], [process.execPath, "plugin.mjs"], STRICT);
});

test("[P9] nor are they where many plugins share a signal and a writer, and many deadlines pass", { timeout: DEMO_MS }, () => {
  const command = JSON.stringify([process.execPath, "plugin.mjs"]);
  const options = { cwd: project.dir, encoding: "utf8", env: { ...ENV, ...STRICT } } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ["host-many.mjs", command], options);
  expect(stderr).toBe("cleaned up\n".repeat(12));
  expect(stdout).toBe("done\n");
});
