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
  executable: LEAVES,
  output: LEAVES,
  process: ["executable", ...LEAVES],
  client: ["process", "output", "executable", "handshake", "transport", ...CORE],
  joined: [],
  serve: ["joined", "handshake", "transport", ...CORE],
  testing: CORE,
  connectors: ["transport", "wire", ...LEAVES],
  install: ["contract", ...LEAVES],
  host: ["install", "client", "process", "output", "handshake", "transport", ...CORE],
};
const PURE = ["util", "errors", "contract", "wire", "peer"];
const DOES_IO = /^node:(net|tls|http|https|fs|child_process|process|worker_threads)/;

const CONNECTORS = ["dial", "link", "server-link", "websocket-connector", "stream/connection", "stream/flow"].map(
  (name) => `connectors/${name}.ts`,
);

// Each library has its one place; how it is loaded is part of that.
const PLACES: Readonly<Record<string, readonly string[]>> = {
  "json-rpc-2.0/dist/models.js": ["wire/messages.ts", "wire/error-codes.ts"],
  "tree-kill": ["process/process-tree.ts"],
  "get-port": ["transport/port-range.ts"],
  "fast-glob": ["discover/find-matches.ts"],
  "ajv/dist/2020.js": ["host/external/options-schema.ts", "install/manifest/json-validator.ts"],
  semver: ["install/manifest/engines.ts", "install/manifest/check-manifest.ts"],
  yauzl: ["install/archive/open-archive.ts"],
  ws: ["transport/dial-websocket.ts", "transport/upgrades.ts", "transport/websocket.ts", ...CONNECTORS],
  "@opentelemetry/api": ["handshake/trace-context.ts"],
  "@standard-schema/spec": ["errors.ts", "contract/schema.ts"],
};
const LOADED_ON_USE = ["tree-kill", "get-port", "fast-glob", "ajv/dist/2020.js", "semver", "yauzl", "@opentelemetry/api"];

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

const sourceOf = (file: string): string => readFileSync(new URL(file, SRC), "utf8");
/** The files of ours that each file imports, types included. */
const graph = new Map(
  files.map((file) => {
    const own = importsOf(sourceOf(file)).filter(({ specifier }) => specifier.startsWith("."));
    return [file, own.map(({ specifier }) => posix.join(posix.dirname(file), specifier).replace(/\.js$/, ".ts"))] as const;
  }),
);

/** The first circle that is found, as a path that ends where it began. */
function circleIn(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const way: string[] = [];
  const search = (file: string): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    way.push(file);
    for (const next of imports.get(file) ?? []) {
      const circle = search(next);
      if (circle !== undefined) return circle;
    }
    way.pop();
    done.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const circle = search(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

test("files import each other in no circle, types included", () => {
  assert.deepEqual(
    circleIn(
      new Map([
        ["a.ts", ["b.ts"]],
        ["b.ts", ["c.ts"]],
        ["c.ts", ["b.ts"]],
      ]),
    ),
    ["b.ts", "c.ts", "b.ts"],
  );
  assert.ok(
    [...graph.values()].flat().every((file) => graph.has(file)),
    "every import leads to a file",
  );
  assert.deepEqual(circleIn(graph), undefined);
});

test("rooms import each other in no circle", () => {
  const rooms = new Map(Object.entries(MAY_IMPORT).map(([room, others]) => [room, others.filter((other) => other !== room)]));
  assert.deepEqual(circleIn(rooms), undefined);
});

test.each(["src", "test"])("no folder of %s has more than 20 files", (root) => {
  const counts = new Map<string, number>();
  for (const file of readdirSync(new URL(`../${root}/`, import.meta.url), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const folder = posix.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  assert.deepEqual(
    [...counts].filter(([, count]) => count > 20),
    [],
  );
});

test("the floor plan is read: there are files, and imports in them", () => {
  assert.ok(files.length > 40, `found ${files.length} files`);
  assert.ok(importsOf(readFileSync(new URL("client/client.ts", SRC), "utf8")).length > 5);
});

test("client/ meets a conversation at PluginLink: only the link that speaks JSON-RPC knows of a peer", () => {
  const reachesIn = /\.peer\b|\{[^}]*\bpeer\b[^}]*\} =|\bPeerConnection\b|\/peer\/peer\.js/;
  const knowing = files.filter((file) => roomOf(file) === "client" && reachesIn.test(sourceOf(file)));
  assert.deepEqual(knowing, ["client/json-rpc-link.ts"]);
});

for (const file of files) {
  const source = sourceOf(file);
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
