import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const npm = (cwd: string, ...args: string[]): string =>
  execFileSync("npm", [...args, "--no-fund", "--no-audit", "--prefer-offline", "--loglevel=error"], { cwd, encoding: "utf8" });

const PLUGIN = `import { defineContract, implement, method, serve } from "mortise/plugin";
await serve({ provides: [implement(defineContract("probe", { ran: method() }), { ran: () => globalThis.ran ?? [] })] });`;

/** Prints what ran of the packages that are installed, in the host and in a plugin. */
const HOST = `import { defineContract, discover, method, NewClient } from "mortise";
const client = NewClient({ command: "./plugin.js", transport: process.argv[2] });
const { ran } = await client.dispense(defineContract("probe", { ran: method() }));
const inPlugin = await ran();
if (process.argv[3] !== undefined) await discover(process.argv[3]);
await client.kill();
console.log(JSON.stringify({ inHost: globalThis.ran ?? [], inPlugin }));`;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "overrides-"));
  npm(ROOT, "pack", "--ignore-scripts", "--pack-destination", dir);
  writeFileSync(join(dir, "plugin.js"), PLUGIN);
  writeFileSync(join(dir, "host.js"), HOST);
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Installs the package, with other versions of packages than are joined in, which say that they ran. */
function install(...names: string[]): void {
  const overrides = Object.fromEntries(names.map((name) => [name, `file:${packOther(name)}`]));
  const dependencies = { mortise: `file:${join(dir, "mortise-0.1.0.tgz")}` };
  writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "module", private: true, dependencies, overrides }));
  rmSync(join(dir, "package-lock.json"), { force: true });
  rmSync(join(dir, "node_modules"), { recursive: true, force: true });
  npm(dir, "install");
}

function packOther(name: string): string {
  const copy = join(dir, `other-${name}`);
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(ROOT, "node_modules", name), copy, { recursive: true });
  const file = join(copy, "package.json");
  const { scripts: _scripts, ...rest } = JSON.parse(readFileSync(file, "utf8")) as { main?: string; scripts?: object };
  writeFileSync(file, JSON.stringify({ ...rest, version: "99.0.0" }));
  appendFileSync(join(copy, rest.main ?? "index.js"), `\n(globalThis.ran ??= []).push(${JSON.stringify(name)});\n`);
  return join(dir, npm(dir, "pack", copy).trim());
}

const run = (...args: string[]): unknown => {
  const { stdout, stderr } = spawnSync(process.execPath, ["host.js", ...args], { cwd: dir, encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
};

test("what is joined in runs where the version is installed that it was made from", { timeout: 120_000 }, () => {
  install();
  expect(run("tcp")).toEqual({ inHost: [], inPlugin: [] });
});

test("an override of json-rpc-2.0 is what runs, in the host and in plugins", { timeout: 120_000 }, () => {
  install("json-rpc-2.0");
  expect(run("tcp")).toEqual({ inHost: ["json-rpc-2.0"], inPlugin: ["json-rpc-2.0"] });
  // There, the plugin loads a module, and not the script.
  expect(run("websocket")).toEqual({ inHost: ["json-rpc-2.0"], inPlugin: ["json-rpc-2.0"] });
});

test("an override of what is loaded on use is what runs, and so is one of what that depends on", { timeout: 120_000 }, () => {
  install("ws", "picomatch");
  expect(run("websocket", "*.js")).toEqual({ inHost: ["ws", "picomatch"], inPlugin: ["ws"] });
});

test("an override that cannot be loaded is an error that names it", { timeout: 120_000 }, () => {
  install("json-rpc-2.0");
  writeFileSync(join(dir, "node_modules/json-rpc-2.0/dist/index.js"), 'throw new Error("It is for another Node.js");');
  const { stderr, status } = spawnSync(process.execPath, ["host.js"], { cwd: dir, encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain(
    "Error: Cannot load json-rpc-2.0 99.0.0, which is installed instead of 1.8.1: " +
      'It is for another Node.js\n  Install a version that is nearer, by "overrides" in package.json.\n',
  );
});
