import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "vitest";

const LEAVES = ["errors", "util"];
const CORE = ["peer", "wire", "contract", ...LEAVES];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  util: [],
  errors: [],
  contract: LEAVES,
  wire: LEAVES,
  discover: LEAVES,
  transport: ["wire", ...LEAVES],
  peer: ["wire", "contract", ...LEAVES],
  handshake: CORE,
  client: ["handshake", "transport", ...CORE],
  serve: ["handshake", "transport", ...CORE],
  testing: ["transport", ...CORE],
};
const PURE = ["util", "errors", "contract", "wire", "peer"];
const DOES_IO = /^node:(net|tls|http|https|fs|child_process|process|worker_threads)/;

// Each library has its one place; how it is loaded is part of that.
const PLACES: Readonly<Record<string, readonly string[]>> = {
  "json-rpc-2.0/dist/models.js": ["wire/messages.ts", "wire/error-codes.ts"],
  execa: ["client/spawn-child.ts"],
  "tree-kill": ["client/process-tree.ts"],
  "get-port": ["transport/port-range.ts"],
  "fast-glob": ["discover/discover.ts"],
  ws: ["transport/dial.ts", "transport/listen-websocket.ts", "transport/websocket.ts"],
  "@opentelemetry/api": ["handshake/trace-context.ts"],
  "@standard-schema/spec": ["errors.ts", "contract/schema.ts"],
};
const LOADED_ON_USE = ["execa", "tree-kill", "get-port", "fast-glob", "@opentelemetry/api"];

const SRC = new URL("../src/", import.meta.url);
const roomOf = (file: string): string => (file.split("/")[0] as string).replace(/\.ts$/, "");
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

interface Import {
  readonly specifier: string;
  readonly statement: string;
}
function importsOf(source: string): Import[] {
  const pattern = /^(?:import|export)\b[^;"]*?from\s*"([^"]+)"|\bimport\s*\(\s*"([^"]+)"\)|^import\s+"([^"]+)"/gm;
  return [...source.matchAll(pattern)].map(([statement, from, dynamic, bare]) => ({
    specifier: (from ?? dynamic ?? bare) as string,
    statement,
  }));
}

test("the floor plan is read: there are files, and imports in them", () => {
  assert.ok(files.length > 40, `found ${files.length} files`);
  assert.ok(importsOf(readFileSync(new URL("client/client.ts", SRC), "utf8")).length > 5);
});

for (const file of files) {
  const source = readFileSync(new URL(file, SRC), "utf8");
  test(`src/${file} keeps to its room`, () => {
    assert.ok(source.split("\n").length <= 400, `${file} is longer than 400 lines`);
    for (const { specifier, statement } of importsOf(source)) {
      if (PURE.includes(roomOf(file))) assert.doesNotMatch(specifier, DOES_IO, `${file} does I/O`);
      if (!specifier.startsWith(".")) {
        checkLibrary(file, specifier, statement);
        continue;
      }
      if (file === "index.ts" || file.endsWith("/index.ts")) continue;
      const room = roomOf(posix.join(posix.dirname(file), specifier).replace(/\.js$/, ".ts"));
      assert.ok([roomOf(file), ...(MAY_IMPORT[roomOf(file)] ?? [])].includes(room), `${file} imports ${specifier}`);
    }
  });
}

function checkLibrary(file: string, specifier: string, statement: string): void {
  if (specifier.startsWith("node:")) return;
  const places = PLACES[specifier];
  assert.ok(places !== undefined, `${file} imports ${specifier}, which docs/architecture.md does not name`);
  assert.ok(places.includes(file), `${file} imports ${specifier}, whose place is ${places.join(", ")}`);
  const onlyTypes = /^import type\b/.test(statement);
  if (LOADED_ON_USE.includes(specifier) && !onlyTypes)
    assert.match(statement, /^import\s*\(/, `${file} loads ${specifier} before it is needed`);
}
