import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEMO_MS, demoProject, expectDemo } from "./demo.js";
import type { PackedProject } from "./packed-project.js";
import { findTool } from "./tools.js";

let project: PackedProject;
beforeAll(() => {
  project = demoProject();
}, DEMO_MS);
afterAll(() => project[Symbol.dispose]());

const webpack = findTool("webpack", ["webpack/lib/index.js"]);
const whyNot = (lack: string | undefined): string => (lack === undefined ? "" : ` (${lack})`);

/** What webpack is told: a Node.js program, and nothing of the package. */
const CONFIG = `
const webpack = require(${JSON.stringify(webpack.file)});
const config = { mode: "production", target: "node", context: __dirname, devtool: false, optimization: { minimize: false } };
const entry = { host: "./host.mjs", plugin: "./plugin.mjs" };
webpack({ ...config, entry, output: { path: __dirname + "/webpack", filename: "[name].js" } }, (error, stats) => {
  if (error) throw error;
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  console.log(JSON.stringify([...errors, ...warnings].map(({ message }) => message.split("\\n")[0])));
});`;

test.skipIf(webpack.lack !== undefined)(
  `webpack joins a host and a plugin, and complains of the optional packages of ws alone${whyNot(webpack.lack)}`,
  { timeout: DEMO_MS },
  () => {
    writeFileSync(join(project.dir, "webpack.cjs"), CONFIG);
    const said = execFileSync(process.execPath, ["webpack.cjs"], { cwd: project.dir, encoding: "utf8" });
    const complaints = JSON.parse(said) as string[];
    expect(complaints.filter((complaint) => !/'(bufferutil|utf-8-validate)'/.test(complaint))).toEqual([]);
    writeFileSync(join(project.dir, "webpack/package.json"), "{}");
    expectDemo(project, [process.execPath, "webpack/host.js"], [process.execPath, "webpack/plugin.js"]);
  },
);
