// Joins each entry point into one file, with two shared chunks: every file that a plugin opens is paid at each of its starts.
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { build } from "rolldown";

await build({
  input: {
    index: "src/index.ts",
    contract: "src/contract/index.ts",
    plugin: "src/serve/index.ts",
    testing: "src/testing/index.ts",
  },
  platform: "node",
  // json-rpc-2.0's models are joined in: as a CommonJS file of their own they would cost a plugin's start 4 ms.
  external: (id) => /^(node:|@opentelemetry\/api$|execa$|fast-glob$|get-port$|tree-kill$|ws$)/.test(id),
  transform: { target: "node20" },
  output: {
    dir: "dist",
    format: "esm",
    sourcemap: true,
    chunkFileNames: "chunks/[name].js",
    codeSplitting: {
      groups: [
        { name: "contract", test: /\/src\/(errors\.ts|contract\/)/, priority: 2 },
        {
          name: "core",
          test: /\/src\/(util|wire|peer|handshake|transport\/(socket|listen|port-range)\.ts|serve\/(server|stderr-logger)\.ts)|json-rpc-2\.0/,
          priority: 1,
        },
      ],
    },
  },
});
copyFileSync("node_modules/json-rpc-2.0/LICENSE", "dist/chunks/json-rpc-2.0.LICENSE");
const tsc = (...args) => execFileSync("npx", ["tsc", ...args], { stdio: "inherit" });
tsc("--project", "tsconfig.json", "--emitDeclarationOnly", "--outDir", "dist/types");
tsc("--project", "examples/tsconfig.json");
