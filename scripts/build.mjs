// Joins each entry point into one file, with one shared chunk: every file that a plugin opens is paid at each of its starts.
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "rolldown";

// What an earlier build left would be packed, too.
rmSync("dist", { recursive: true, force: true });
const PLUGIN = "src/serve/index.ts";
// json-rpc-2.0's models are joined in: as a CommonJS file of their own they would cost a plugin's start 4 ms.
const external = (id) => /^(node:|@opentelemetry\/api$|execa$|fast-glob$|get-port$|tree-kill$|ws$)/.test(id);

const shared = { platform: "node", external, transform: { target: "node20" } };
// A plugin keeps the text of what it loads. Lines and names stay as they are, for whoever reads a stack.
const output = { dir: "dist", format: "esm", sourcemap: true, comments: false };
const finish = { name: "finish", generateBundle };

const graph = importGraph();
let inPlugin;
function isInPlugin(id) {
  inPlugin ??= graph.loadedWith(resolve(PLUGIN));
  return inPlugin.has(id);
}

await build({ ...shared, input: { contract: "src/contract/index.ts" }, plugins: [finish], output });
await build({
  ...shared,
  input: {
    index: "src/index.ts",
    plugin: PLUGIN,
    testing: "src/testing/index.ts",
  },
  plugins: [{ name: "contract", resolveId: toContract }, graph.plugin, finish],
  output: {
    ...output,
    chunkFileNames: "chunks/[name].js",
    codeSplitting: {
      groups: [
        // What a host alone needs, or a plugin alone, goes elsewhere.
        { name: "core", test: (id) => isInPlugin(id) && !/\/src\/serve\/(?!server|stderr-logger)/.test(id), priority: 1 },
      ],
    },
  },
});
copyFileSync("node_modules/json-rpc-2.0/LICENSE", "dist/chunks/json-rpc-2.0.LICENSE");
const tsc = (...args) => execFileSync("npx", ["tsc", ...args], { stdio: "inherit" });
tsc("--project", "tsconfig.json", "--emitDeclarationOnly", "--outDir", "dist/types");
tsc("--project", "examples/tsconfig.json");

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
  return {
    plugin: { name: "imports", moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds) },
    /** All that is loaded with a module, once all of them are parsed. */
    loadedWith(entry, found = new Set()) {
      if (found.has(entry) || !imports.has(entry)) return found;
      found.add(entry);
      for (const id of imports.get(entry)) this.loadedWith(id, found);
      return found;
    },
  };
}

function generateBundle(_options, bundle) {
  for (const chunk of Object.values(bundle)) {
    if (chunk.type !== "chunk") continue;
    const contract = chunk.fileName.includes("/") ? "../contract.js" : "./contract.js";
    chunk.code = inAscii(chunk.code.replace(/ from "mortise\/contract";$/gm, ` from "${contract}";`));
  }
}

/** A text with one character beyond Latin-1 in it takes V8 two bytes for every one. */
function inAscii(code) {
  return code.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
