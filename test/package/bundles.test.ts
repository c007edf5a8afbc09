import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEMO_MS, demoProject, ENV } from "./demo.js";
import type { PackedProject } from "./packed-project.js";
import { findTool } from "./tools.js";

let project: PackedProject;
beforeAll(() => {
  project = demoProject();
}, DEMO_MS);
afterAll(() => project[Symbol.dispose]());

/** A bundler's files, and a function that makes host.js and plugin.js of two programs, in a directory for each format: it returns complaints. */
interface Bundler {
  readonly files: readonly string[];
  readonly build: string;
}

const FORMATS = ["esm", "cjs"] as const;
const ENTRIES = `{ host: "./bundled-host.mjs", plugin: "./bundled-plugin.mjs" }`;
const BUNDLERS: Readonly<Record<string, Bundler>> = {
  esbuild: {
    files: ["esbuild/lib/main.js"],
    build: `const { build } = (await import(files[0])).default;
      const shared = { entryPoints: ${ENTRIES}, bundle: true, platform: "node", logLevel: "silent" };
      const results = await Promise.all(formats.map((format) => build({ ...shared, format, outdir: dir + format })));
      // For CommonJS it says that there is no import.meta, which we know.
      return results.flatMap(({ warnings }) => warnings.filter(({ id }) => id !== "empty-import-meta").map(({ text }) => text));`,
  },
  rollup: {
    files: ["rollup/dist/es/rollup.js", "@rollup/plugin-node-resolve/dist/es/index.js", "@rollup/plugin-commonjs/dist/es/index.js"],
    build: `const [{ rollup }, { nodeResolve }, { default: commonjs }] = await Promise.all(files.map((file) => import(file)));
      const complaints = [];
      const onLog = (_level, { message }) => complaints.push(message);
      const bundle = await rollup({ input: ${ENTRIES}, plugins: [nodeResolve({ preferBuiltins: true }), commonjs()], onLog });
      for (const format of formats) await bundle.write({ dir: dir + format, format });
      return complaints;`,
  },
  webpack: {
    files: ["webpack/lib/index.js"],
    build: `const { default: webpack } = await import(files[0]);
      const configs = formats.map((format) => ({
        mode: "production",
        target: "node20",
        devtool: false,
        optimization: { minimize: false },
        entry: ${ENTRIES},
        output: { path: dir + format, filename: "[name].js", ...(format === "esm" && { module: true, chunkFormat: "module" }) },
        experiments: { outputModule: format === "esm" },
      }));
      const stats = await new Promise((resolve, reject) => webpack(configs, (error, stats) => (error ? reject(error) : resolve(stats))));
      const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
      return [...errors, ...warnings].map(({ message }) => message);`,
  },
  vite: {
    files: ["vite/dist/node/index.js"],
    build: `const { build } = await import(files[0]);
      const complaints = [];
      const log = (message) => void complaints.push(message);
      const customLogger = { info() {}, warn: log, warnOnce: log, error: log, clearScreen() {}, hasErrorLogged: () => false, hasWarned: false };
      // For CommonJS it says that there is no import.meta, which we know.
      const isNews = (complaint) => !/EMPTY_IMPORT_META/.test(complaint);
      const ssr = { noExternal: true, target: "node" };
      for (const format of formats) {
        const rollupOptions = { input: ${ENTRIES}, output: { format, entryFileNames: "[name].js" } };
        await build({ configFile: false, customLogger, ssr, build: { ssr: true, outDir: dir + format, minify: false, rollupOptions } });
      }
      return complaints.filter(isNews);`,
  },
};

/** Bundles host and plugin in both formats, and returns what the bundler complained of. */
function bundle(files: readonly string[], build: string, dir: string): unknown {
  const program = `import { writeFileSync } from "node:fs";
    async function build(files, formats, dir) { ${build} }
    const complaints = await build(${JSON.stringify(files)}, ${JSON.stringify(FORMATS)}, ${JSON.stringify(dir)});
    writeFileSync("complaints.json", JSON.stringify(complaints));`;
  const args = ["--input-type=module", "--eval", program];
  const { stderr, status } = spawnSync(process.execPath, args, { cwd: project.dir, encoding: "utf8", env: ENV });
  expect(status, stderr).toBe(0);
  return JSON.parse(readFileSync(join(project.dir, "complaints.json"), "utf8"));
}

const greetings = ["tcp", "unix", "websocket"].map((transport) => `Hello, ${transport}!\nkilled false\n`);

for (const [name, { files, build }] of Object.entries(BUNDLERS)) {
  const tools = files.map((file) => findTool(name, [file]));
  const lack = tools.find((tool) => tool.lack !== undefined)?.lack;
  test.skipIf(lack !== undefined)(
    `${name} joins a host and a plugin, in both formats, WebSockets and discover() included, and complains of nothing${lack === undefined ? "" : ` (${lack})`}`,
    { timeout: 300_000 },
    () => {
      const files = tools.map(({ file }) => file);
      expect(bundle(files, build, join(project.dir, name, "/"))).toEqual([]);
      // Out of the project: nothing of it is in reach.
      const away = mkdtempSync(join(tmpdir(), "away-"));
      cpSync(join(project.dir, name), away, { recursive: true });
      for (const format of FORMATS) {
        const dir = join(away, format);
        writeFileSync(join(dir, "package.json"), JSON.stringify({ type: format === "esm" ? "module" : "commonjs" }));
        const args = [join(dir, "host.js"), join(dir, "plugin.js"), project.dir];
        const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", env: ENV });
        expect(stderr).toBe("");
        expect(stdout).toBe(`${greetings.join("")}bundled-host.mjs bundled-plugin.mjs\n`);
        expect(status).toBe(0);
      }
      rmSync(away, { recursive: true });
    },
  );
}
