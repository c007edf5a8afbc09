import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoProject, ENV, expectDemo } from "./demo.js";
import type { PackedProject } from "./packed-project.js";
import { findRuntime, findTool } from "./tools.js";

/** Where Node.js looks for a program in its own file; not every distribution's has it. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const esbuild = findTool("esbuild", ["esbuild/bin/esbuild"]);
const postject = findTool("postject", ["postject/dist/cli.js"]);
const bun = findRuntime("bun");
const noFuse = readFileSync(process.execPath).includes(FUSE) ? undefined : `${process.execPath} takes no program`;
const lack = esbuild.lack ?? postject.lack ?? noFuse;
const whyNot = lack === undefined ? "" : ` (${lack})`;

let project: PackedProject;
beforeAll(() => {
  project = demoProject();
}, 120_000);
afterAll(() => project[Symbol.dispose]());

const run = (file: string, ...args: string[]): void => void execFileSync(file, args, { cwd: project.dir, stdio: "pipe" });

/** Makes a program of the project into an executable of that name. */
function makeExecutable(name: string): string {
  run(esbuild.file, `${name}.mjs`, "--bundle", "--platform=node", "--format=cjs", `--outfile=${name}.cjs`);
  const config = { main: `${name}.cjs`, output: `${name}.blob`, disableExperimentalSEAWarning: true };
  writeFileSync(join(project.dir, "sea.json"), JSON.stringify(config));
  run(process.execPath, "--experimental-sea-config", "sea.json");
  const file = join(project.dir, name);
  copyFileSync(process.execPath, file);
  chmodSync(file, 0o755);
  run(process.execPath, postject.file, file, "NODE_SEA_BLOB", `${name}.blob`, "--sentinel-fuse", FUSE);
  return file;
}

test.skipIf(lack !== undefined)(
  `a host in a single executable calls plugins on a Node.js that it names${whyNot}`,
  { timeout: 300_000 },
  () => {
    expectDemo(project, [makeExecutable("host")], [process.execPath, "plugin.mjs"]);
  },
);

/** What the application prints that starts a plugin with those options, with a PATH of its own. */
function says(application: string, options: object, path: string): string {
  const args = [JSON.stringify({ command: "./plugin.mjs", ...options })];
  const { stdout, stderr } = spawnSync(application, args, { cwd: project.dir, encoding: "utf8", env: { ...ENV, PATH: path } });
  expect(stderr).toBe("");
  return stdout;
}

describe.skipIf(lack !== undefined)(`[F23] an application in a single executable${whyNot}`, () => {
  let application = "";
  let bin = "";
  beforeAll(() => {
    application = makeExecutable("application");
    bin = join(project.dir, "bin");
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, "node"));
  }, 300_000);

  test("runs a script on the node of its PATH, and on the interpreter that it names", () => {
    expect(says(application, {}, bin)).toBe("Hello, world!\n");
    expect(says(application, { interpreter: join(bin, "node"), execArgv: ["--no-warnings"] }, "/nowhere")).toBe("Hello, world!\n");
  });

  test("does not start itself where there is no Node.js: it says so", () => {
    expect(says(application, {}, "/nowhere")).toBe(
      `Cannot start plugin "./plugin.mjs": "${join(project.dir, "plugin.mjs")}" is run by Node.js, and there is none: ` +
        'this program is a single executable, and no "node" is on the plugin\'s PATH\n  Name one, as in interpreter: "/usr/bin/node".\n',
    );
  });

  test("is not taken for that Node.js because it is called node", () => {
    rmSync(join(bin, "node"));
    symlinkSync(application, join(bin, "node"));
    expect(says(application, {}, bin)).toContain('no "node" is on the plugin\'s PATH');
  });

  test("may be its own plugin, where it says so", () => {
    expect(says(application, { command: [application, "--plugin"] }, "/nowhere")).toBe("Hello, world!\n");
  });
});

test.skipIf(bun.lack !== undefined)(
  `[F23] an application made by bun build runs a script as Bun${bun.lack === undefined ? "" : ` (${bun.lack})`}`,
  { timeout: 120_000 },
  () => {
    run(bun.file, "build", "--compile", "application.mjs", "--outfile", "bun-application");
    expect(says(join(project.dir, "bun-application"), {}, "/nowhere")).toBe("Hello, world!\n");
  },
);
