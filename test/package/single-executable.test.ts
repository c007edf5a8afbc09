import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { demoProject, expectDemo } from "./demo.js";
import { findTool } from "./tools.js";

/** Where Node.js looks for a program in its own file; not every distribution's has it. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const esbuild = findTool("esbuild", ["esbuild/bin/esbuild"]);
const postject = findTool("postject", ["postject/dist/cli.js"]);
const noFuse = readFileSync(process.execPath).includes(FUSE) ? undefined : `${process.execPath} takes no program`;
const lack = esbuild.lack ?? postject.lack ?? noFuse;

test.skipIf(lack !== undefined)(
  `a host in a single executable calls plugins on a Node.js that it names${lack === undefined ? "" : ` (${lack})`}`,
  { timeout: 300_000 },
  () => {
    using project = demoProject();
    const run = (file: string, ...args: string[]): void => void execFileSync(file, args, { cwd: project.dir, stdio: "pipe" });
    run(esbuild.file, "host.mjs", "--bundle", "--platform=node", "--format=cjs", "--outfile=host.cjs");
    writeFileSync(join(project.dir, "sea.json"), '{ "main": "host.cjs", "output": "host.blob", "disableExperimentalSEAWarning": true }');
    run(process.execPath, "--experimental-sea-config", "sea.json");
    const file = join(project.dir, "host");
    copyFileSync(process.execPath, file);
    chmodSync(file, 0o755);
    run(process.execPath, postject.file, file, "NODE_SEA_BLOB", "host.blob", "--sentinel-fuse", FUSE);
    // ws tries to load these, and Node.js 20 warns of any file that a single executable loads.
    const env = { WS_NO_BUFFER_UTIL: "1", WS_NO_UTF_8_VALIDATE: "1" };
    expectDemo(project, [file], [process.execPath, "plugin.mjs"], env);
  },
);
