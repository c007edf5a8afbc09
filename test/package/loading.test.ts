import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The files and libraries that a program opens: what Node.js is asked to load, builtins left out. */
function loadedBy(program: string): string[] {
  const dir = mkdtempSync(join(tmpdir(), "loading-"));
  try {
    const log = join(dir, "log");
    writeFileSync(log, "");
    const append = `appendFileSync(${JSON.stringify(log)}, url + "\\n")`;
    const hooks = `import { appendFileSync } from "node:fs";
      export async function load(url, context, next) { ${append}; return next(url, context); }`;
    // Node.js 26 warns of register(), and 20 has nothing else.
    const register = `import { appendFileSync } from "node:fs";
      import module from "node:module";
      const load = (url, context, next) => { ${append}; return next(url, context); };
      if (module.registerHooks === undefined) module.register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});
      else module.registerHooks({ load });`;
    const args = ["--import", `data:text/javascript,${encodeURIComponent(register)}`, "--input-type=module", "--eval", program];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const urls = readFileSync(log, "utf8").split("\n");
    return urls.filter((url) => url.startsWith("file:")).map((url) => url.replace(/^.*?\/(node_modules|dist)\//, "$1/"));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const HEAVY = /node_modules\/(fast-glob|tree-kill|get-port|ws|zod|ajv|semver|yauzl)\/|chunks\/joined\//;

test("mortise/plugin opens three files, and no library", () => {
  const loaded = loadedBy('import "mortise/plugin";');
  expect(loaded.filter((path) => path.startsWith("node_modules/"))).toEqual([]);
  // Each one costs every start of every plugin; raise it only with a figure from the bench.
  expect(loaded.length).toBeLessThanOrEqual(3);
});

test("mortise loads fast-glob, tree-kill and ws on first use, not before", () => {
  const loaded = loadedBy('import { NewClient } from "mortise"; NewClient({ command: "./x.js", transport: "websocket" });');
  expect(loaded.filter((path) => HEAVY.test(path))).toEqual([]);
  expect(loaded.some((path) => path.startsWith("dist/"))).toBe(true);
});

test("the first start of a plugin opens no file but the host's own, and no library", () => {
  const loaded = loadedBy(`import { NewClient } from "mortise";
    // What tells us is not for the plugin.
    const client = NewClient({ command: "./examples/plugins/greeter/plugin.js", execArgv: [] });
    await client.start();
    await client.kill();`);
  expect(loaded.some((path) => path.startsWith("dist/"))).toBe(true);
  expect(loaded.filter((path) => path.startsWith("node_modules/"))).toEqual([]);
  expect(loaded.length).toBeLessThanOrEqual(5);
});

test("a host loads ajv, semver and yauzl when it installs something, not before", () => {
  const dir = mkdtempSync(join(tmpdir(), "loading-"));
  try {
    mkdirSync(join(dir, "package"));
    writeFileSync(join(dir, "package/mortise.json"), JSON.stringify({ id: "a", name: "A", version: "1.0.0", command: "a.js" }));
    writeFileSync(join(dir, "package/a.js"), "");
    const host = `import { Host } from "mortise/host";
      const host = new Host({ dataDir: ${JSON.stringify(join(dir, "data"))} });
      await host.ready();`;
    const libraries = (program: string): Set<string | undefined> =>
      new Set(
        loadedBy(`${program} await host.close();`)
          .filter((path) => path.startsWith("node_modules/"))
          .map((path) => path.split("/")[1]),
      );
    expect(libraries(host)).toEqual(new Set());
    const loaded = libraries(`${host} await host.install(${JSON.stringify(join(dir, "package"))});`);
    expect([...loaded]).toEqual(expect.arrayContaining(["ajv", "semver", "yauzl"]));
    // What is installed is not looked at anew.
    expect(libraries(host)).toEqual(new Set());
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("mortise/contract opens one file, which mortise and mortise/plugin open too", () => {
  expect(loadedBy('import "mortise/contract";')).toEqual(["dist/contract.js"]);
  expect(loadedBy('import "mortise/contract"; import "mortise/plugin";').length).toBeLessThanOrEqual(3);
  expect(loadedBy('import "mortise";')).toContain("dist/contract.js");
});

test("there is one class of each error, wherever it is imported from", async () => {
  // By a name that the compiler does not look up: it is the package as it is built.
  const load = (entry: string): Promise<Record<string, unknown>> => import(new URL(`../../dist/${entry}.js`, import.meta.url).href);
  const [host, plugin, contract] = await Promise.all(["index", "plugin", "contract"].map(load));
  const names = Object.keys(contract ?? {});
  expect(names).toContain("PluginError");
  for (const name of names) {
    expect(host?.[name]).toBe(contract?.[name]);
    expect(plugin?.[name]).toBe(contract?.[name]);
  }
});

test("mortise/connectors opens no file of a plugin's or a host's, and no program that has a plugin or a host opens what is in it", () => {
  const own = loadedBy('import "mortise/connectors";').filter((path) => path.startsWith("dist/"));
  expect(own).toContain("dist/connectors.js");
  expect(own.filter((path) => /plugin|host|index|testing/.test(path))).toEqual([]);
  for (const entry of ["mortise", "mortise/plugin", "mortise/host", "mortise/testing", "mortise/contract"]) {
    expect(loadedBy(`import "${entry}";`).filter((path) => /connectors|node_modules\/ws\//.test(path))).toEqual([]);
  }
});
