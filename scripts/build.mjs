// Joins each entry point into one file: every file that a plugin opens is paid at each of its starts.
import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { build } from "rolldown";
import { holding, rollUp } from "./declarations.mjs";
import { joined } from "./joined.mjs";
import { joinedBuilds, joinedPackages, withJoinedFiles } from "./joined-packages.mjs";
import { licencesOf } from "./licences.mjs";

// Built beside what is there, and put in its place when it is whole: tests and programs that run meanwhile find all their files. What
// an earlier build left would be packed, too.
const DIST = "dist.next";
const OLD = "dist.old";
remove(DIST, OLD);
// What else is imported is joined in, and its licence with it, see joined.mjs and joined-packages.mjs.
const external = (id) => /^(node:|@opentelemetry\/api$|ajv\/|get-port$|semver$|yauzl$)/.test(id);

const shared = { platform: "node", external, transform: { target: "node20" } };
// A plugin keeps the text of what it loads: of comments only what other bundlers are told. Lines and names stay as they are, for whoever
// reads a stack: maps of them, sources included, were twice as long as all the rest.
const comments = { annotation: true, jsdoc: false, legal: false };
const output = { dir: DIST, format: "esm", comments };
const finish = { name: "finish", generateBundle };
const contract = { name: "contract", resolveId: toContract };
// The script is given what looks at what is installed: it has no address of its own.
const installed = {
  name: "installed",
  resolveId: (id) => (/\/joined\/installed\.ts$/.test(id) ? { id: "mortise/installed", external: true } : null),
};
const SERVING = "src/serve/serving.ts";
// TLS is small, so it is in the script, too: functions that nobody calls are not compiled.
const IN_SCRIPT = ["serve/tls-identity", "transport/listen-tls"];
const WHOLE = [...IN_SCRIPT, "serve/serving", "serve/keep-compiled"]
  .map((name) => `export * from ${JSON.stringify(resolve(`src/${name}.ts`))};`)
  .join("\n");

/** All modules that went into what is packed. */
const packed = new Set();
const graph = importGraph();
await build({ ...shared, input: { contract: "src/contract/index.ts" }, plugins: [finish], output });
// The plugin's side: what each plugin loads, what it loads as it serves, and the same as a script, which V8 can be handed compiled.
const later = { name: "later", resolveId: (id) => (id === "./serving.js" ? { id: "./chunks/plugin/serving.js", external: true } : null) };
await build({ ...shared, input: { plugin: "src/serve/index.ts" }, plugins: [contract, joined, joinedPackages, later, finish], output });
await build({
  ...shared,
  input: { serving: SERVING },
  preserveEntrySignatures: "allow-extension",
  plugins: [contract, joined, joinedPackages, finish],
  output: { ...output, entryFileNames: "chunks/plugin/[name].js", chunkFileNames: "chunks/plugin/[name].js" },
});
await buildScript();
// What both sides load on use.
for (const { plugins, ...rest } of joinedBuilds) {
  await build({ ...shared, ...rest, plugins: [...plugins, finish], output: { ...output, entryFileNames: "chunks/joined/[name].js" } });
}
// The host's side.
await build({
  ...shared,
  input: { index: "src/index.ts", host: "src/host/index.ts", connectors: "src/connectors/index.ts", testing: "src/testing/index.ts" },
  plugins: [contract, joined, joinedPackages, graph.plugin, finish],
  output: {
    ...output,
    chunkFileNames: "chunks/[name].js",
    codeSplitting: { groups: [{ name: "core", test: (id) => graph.isShared(id), priority: 1 }] },
  },
});
await writeSchemas();
writeFileSync(`${DIST}/LICENSES.txt`, licencesOf(packed));
const tsc = (...args) => execFileSync("npx", ["tsc", ...args], { stdio: "inherit" });
declare();
replace();
tsc("--project", "examples/tsconfig.json");

function remove(...directories) {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}

function replace() {
  try {
    renameSync("dist", OLD);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  renameSync(DIST, "dist");
  remove(OLD);
}

/** A file of declarations beside each entry. */
function declare() {
  const parts = mkdtempSync(join(tmpdir(), "types-"));
  try {
    tsc("--project", "tsconfig.json", "--emitDeclarationOnly", "--outDir", parts);
    const { text, exported } = rollUp(join(parts, "contract/index.d.ts"));
    writeFileSync(`${DIST}/contract.d.ts`, text);
    const held = holding(exported, "./contract.js");
    for (const [name, entry] of [
      ["index", "index"],
      ["plugin", "serve/index"],
      ["host", "host/index"],
      ["connectors", "connectors/index"],
      ["testing", "testing/index"],
    ]) {
      writeFileSync(`${DIST}/${name}.d.ts`, rollUp(join(parts, `${entry}.d.ts`), held).text);
    }
  } finally {
    rmSync(parts, { recursive: true });
  }
}

/** The JSON Schemas of mortise.json and mortise.config.json, for editors. */
async function writeSchemas() {
  for (const [source, name, file] of [
    ["src/install/manifest/manifest-schema.ts", "MANIFEST_SCHEMA", "mortise.schema.json"],
    ["src/host/config/config-schema.ts", "CONFIG_SCHEMA", "mortise.config.schema.json"],
  ]) {
    const { output: chunks } = await build({ ...shared, input: source, output: { format: "esm" }, write: false });
    const module = await import(`data:text/javascript,${encodeURIComponent(chunks[0].code)}`);
    writeFileSync(`${DIST}/${file}`, `${JSON.stringify(module[name], null, 1)}\n`);
  }
}

/** A function of what the code imports, see src/serve/compiled.ts; strict, as a module is. */
async function buildScript() {
  const { output: chunks } = await build({
    ...shared,
    input: { serving: "whole" },
    plugins: [contract, installed, joined, { name: "whole", resolveId: toLoad, load: (id) => (id === "whole" ? WHOLE : null) }],
    output: { format: "cjs", comments: false },
    write: false,
  });
  if (chunks.length !== 1) throw new Error(`Cannot build: the script is in ${chunks.length} parts, and it must be one`);
  const text = inAscii(chunks[0].code)
    .replaceAll('import("self")', "Promise.resolve(exports)")
    .replace(/\bimport\(/g, "__load(");
  writeFileSync(`${DIST}/chunks/plugin/serving.cjs`, `(function (require, __load, exports) {"use strict";${text}\n})`);
}

/** What is loaded late is in the script itself, as TLS is, or is loaded as a module by the file that runs the script. */
function toLoad(id, _importer, { kind }) {
  if (id === "whole") return id;
  if (kind !== "dynamic-import" || !id.startsWith(".")) return null;
  const name = basename(id, ".js");
  return { id: IN_SCRIPT.some((path) => basename(path) === name) ? "self" : `./chunks/plugin/${name}.js`, external: true };
}

/**
 * What the entry `contract` exports is imported from it: one class of errors for whoever looks, and no file that only re-exports. What
 * else is of use in that room is joined in.
 */
function toContract(id) {
  return /\/(errors|contract\/index)\.js$/.test(id) ? { id: "mortise/contract", external: true } : null;
}

/** What the modules of a build import, read while it goes on. */
function importGraph() {
  const imports = new Map();
  const found = {};
  const loadedWith = (entry, modules = new Set()) => {
    if (modules.has(entry) || !imports.has(entry)) return modules;
    modules.add(entry);
    for (const id of imports.get(entry)) loadedWith(id, modules);
    return modules;
  };
  return {
    plugin: { name: "imports", moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds) },
    /** Says whether a host of one plugin and another of the entries load a module, once all of them are parsed. */
    isShared(id) {
      const entries = ["src/index.ts", "src/host/index.ts", "src/connectors/index.ts", "src/testing/index.ts"];
      found.all ??= entries.map((entry) => loadedWith(resolve(entry)));
      const [host, ...others] = found.all;
      return host.has(id) && others.some((modules) => modules.has(id));
    },
  };
}

function generateBundle(_options, bundle) {
  for (const chunk of Object.values(bundle)) {
    if (chunk.type !== "chunk") continue;
    for (const id of chunk.moduleIds) packed.add(id);
    const up = "../".repeat(chunk.fileName.split("/").length - 1) || "./";
    const code = chunk.code
      .replace(/^import "mortise\/contract";$/gm, "")
      .replace(/ from "mortise\/contract";$/gm, ` from "${up}contract.js";`)
      // Nothing is required any more: where a program is joined into a CommonJS file, it has no address to make this of, and webpack warns
      // of what it cannot follow.
      .replace('import { createRequire } from "node:module";', "")
      .replace("(() => createRequire(import.meta.url))()", "void 0");
    chunk.code = inAscii(withJoinedFiles(code, up));
    if (/\b__require\(/.test(chunk.code)) throw new Error(`Cannot build: ${chunk.fileName} requires what is not built in`);
  }
}

/** A text with one character beyond Latin-1 in it takes V8 two bytes for every one. */
function inAscii(code) {
  return code.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
