import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineContract, method } from "../../src/contract/index.js";
import { NewClient } from "../../src/index.js";
import { gate } from "../kit/gate.js";

gate();

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const SCRIPT = "chunks/plugin/serving.cjs";
const probe = defineContract("probe", { form: method<undefined, string>() });

/** A plugin that says which file of the package called its handler, and whether V8 took a form of that which was kept. */
const PLUGIN = `import vm from "node:vm";
let from = "source";
vm.Script = class extends vm.Script {
  constructor(text, options) {
    super(text, options);
    if (options.cachedData !== undefined) from = this.cachedDataRejected ? "refused" : "cache";
  }
};
const { defineContract, implement, method, serve } = await import("DIST/plugin.js");
const probe = defineContract("probe", { form: method() });
const form = () => /serving\\.c?js/.exec(new Error().stack)[0] + " from " + from;
await serve({ provides: [implement(probe, { form })] });`;

interface Setting {
  readonly dist?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly transport?: "tcp" | "unix" | "websocket";
  readonly tls?: "auto";
}

let dir: string;
let cache: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "compiled-"));
  cache = join(dir, "cache");
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The form that a plugin runs. It says nothing on stderr, whatever becomes of its cache. */
async function formOf({ dist = DIST, flags = [], env = { MORTISE_COMPILE_CACHE: cache }, transport = "tcp", tls }: Setting = {}) {
  const file = join(dir, "plugin.mjs");
  writeFileSync(file, PLUGIN.replace("DIST/", pathToFileURL(`${dist}/`).href));
  let said = "";
  const stderr = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void (said += chunk.toString())) });
  const client = NewClient({ command: [process.execPath, ...flags, file], env, inheritEnv: ["PATH"], transport, tls, stderr });
  try {
    return await (await client.dispense(probe)).form();
  } finally {
    await client.kill();
    expect(said).toBe("");
  }
}

const COLD = "serving.cjs from source";
const WARM = "serving.cjs from cache";
const MODULE = "serving.js from source";

const entries = (): string[] => readdirSync(cache).map((name) => join(cache, name));

/** The one file of the cache, which is whole. */
function onlyEntry(): string {
  const [file = "", ...more] = entries();
  expect(more).toEqual([]);
  const bytes = readFileSync(file);
  expect(createHash("sha256").update(bytes.subarray(32)).digest("hex")).toBe(bytes.toString("hex", 0, 32));
  return file;
}

describe.skipIf(process.getBuiltinModule === undefined)("what V8 made of a plugin's code", () => {
  test("is kept at the first start, for this user alone, and taken at the next", async () => {
    expect(await formOf()).toBe(COLD);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(statSync(onlyEntry()).mode & 0o777).toBe(0o600);
    const before = statSync(onlyEntry()).mtimeMs;
    expect(await formOf()).toBe(WARM);
    expect(statSync(onlyEntry()).mtimeMs).toBe(before);
  });

  test("knows nothing of where the package is; the script is strict, and in ASCII", async () => {
    await formOf();
    expect(readFileSync(onlyEntry()).includes(DIST)).toBe(false);
    const script = readFileSync(join(DIST, SCRIPT), "latin1");
    expect(script).toMatch(/^\(function \([\w, ]+\) \{"use strict";/);
    expect(script).toMatch(/^[\x00-\x7f]*$/);
  });

  test("is taken over TCP, unix sockets and TLS; for WebSocket, the module is loaded", async () => {
    await formOf();
    expect(await formOf({ transport: "tcp" })).toBe(WARM);
    expect(await formOf({ transport: "unix" })).toBe(WARM);
    expect(await formOf({ tls: "auto" })).toBe(WARM);
    expect(await formOf({ transport: "websocket" })).toBe(MODULE);
  });

  test("is kept beside that of the same code with other flags of V8", async () => {
    const flags = ["--stack-size=900"];
    expect([await formOf(), await formOf({ flags })]).toEqual([COLD, COLD]);
    expect([await formOf(), await formOf({ flags })]).toEqual([WARM, WARM]);
    expect(entries().length).toBe(2);
  });

  test("is made anew where it was damaged, cut short or emptied", async () => {
    await formOf();
    const file = onlyEntry();
    const whole = readFileSync(file);
    for (const spoilt of [Buffer.from(whole).fill("x", 50_000, 50_020), whole.subarray(0, 50_000), Buffer.alloc(0)]) {
      writeFileSync(file, spoilt);
      expect(await formOf()).toBe(COLD);
      expect(onlyEntry()).toBe(file);
      expect(await formOf()).toBe(WARM);
    }
  });

  test("is not taken where others could have written it, and nothing is written there", async () => {
    await formOf();
    const file = onlyEntry();
    chmodSync(file, 0o620);
    expect(await formOf()).toBe(COLD);
    expect(await formOf()).toBe(WARM);
    chmodSync(cache, 0o777);
    const before = statSync(file).mtimeMs;
    expect(await formOf()).toBe(COLD);
    expect(statSync(file).mtimeMs).toBe(before);
  });

  test.skipIf(process.getuid?.() !== 0)("is not taken from another user, and a HOME of another user is left alone", async () => {
    await formOf();
    chownSync(onlyEntry(), 65_534, 65_534);
    expect(await formOf()).toBe(COLD);
    chownSync(cache, 65_534, 65_534);
    expect(await formOf()).toBe(COLD);
    const home = join(dir, "home");
    mkdirSync(home);
    chownSync(home, 65_534, 65_534);
    expect(await formOf({ env: { HOME: home } })).toBe(COLD);
    expect(readdirSync(home)).toEqual([]);
  });

  test("is kept below HOME and XDG_CACHE_HOME, and not where no file can be made", async () => {
    const home = join(dir, "home");
    mkdirSync(home);
    for (const env of [{ HOME: home }, { HOME: home, XDG_CACHE_HOME: join(dir, "xdg") }]) {
      expect(await formOf({ env })).toBe(COLD);
      expect(await formOf({ env })).toBe(WARM);
    }
    expect(readdirSync(join(home, ".cache/mortise")).length).toBe(1);
    expect(readdirSync(join(dir, "xdg/mortise")).length).toBe(1);
    // Where not even root can make a directory.
    for (const env of [{ HOME: "/proc" }, { HOME: "/dev/null" }])
      expect([await formOf({ env }), await formOf({ env })]).toEqual([COLD, COLD]);
  });

  test("is not kept where a variable forbids it, or coverage is measured", async () => {
    const env = { HOME: dir };
    for (const more of [{ MORTISE_COMPILE_CACHE: "0" }, { NODE_DISABLE_COMPILE_CACHE: "1" }, { NODE_V8_COVERAGE: join(dir, "coverage") }]) {
      expect(await formOf({ env: { ...env, ...more } })).toBe(COLD);
      expect(readdirSync(dir)).not.toContain(".cache");
    }
  });

  test("is neither taken nor kept by a plugin that may not see it under Node.js's permissions", async () => {
    const permission = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    const toListen = process.allowedNodeEnvironmentFlags.has("--allow-net") ? ["--allow-net"] : [];
    const flags = [
      "--disable-warning=ExperimentalWarning",
      permission,
      ...toListen,
      `--allow-fs-read=${join(DIST, "..")}/*`,
      `--allow-fs-read=${dir}/plugin.mjs`,
    ];
    expect(await formOf({ flags })).toBe(COLD);
    expect(readdirSync(dir)).toEqual(["plugin.mjs"]);
  });

  test("fifty first starts at once leave one file of it, which is whole", { timeout: 120_000 }, async () => {
    const forms = await Promise.all(Array.from({ length: 50 }, () => formOf()));
    expect(new Set(forms)).toContain(COLD);
    expect(forms.filter((form) => form !== COLD && form !== WARM)).toEqual([]);
    onlyEntry();
    expect(await formOf()).toBe(WARM);
  });

  test("goes when sixteen newer ones are there, and so does what was abandoned an hour ago", async () => {
    mkdirSync(cache, { mode: 0o700 });
    const old = Array.from({ length: 20 }, (_, index) => `plugin-${index}.cache`);
    for (const name of [...old, "plugin-a.part", "other"]) writeFileSync(join(cache, name), "");
    for (const [index, name] of old.entries()) utimesSync(join(cache, name), 1_000 + index, 1_000 + index);
    utimesSync(join(cache, "plugin-a.part"), 1_000, 1_000);
    writeFileSync(join(cache, "plugin-b.part"), "");
    expect(await formOf()).toBe(COLD);
    const left = readdirSync(cache).filter((name) => !/x64|arm64/.test(name));
    expect(left.sort()).toEqual([...old.slice(5), "plugin-b.part", "other"].sort());
    expect(await formOf()).toBe(WARM);
  });

  test("is not looked for where the script is not beside the module", async () => {
    const copy = join(dir, "package");
    cpSync(DIST, join(copy, "dist"), { recursive: true });
    writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
    rmSync(join(copy, "dist", SCRIPT));
    expect(await formOf({ dist: join(copy, "dist") })).toBe(MODULE);
  });
});
