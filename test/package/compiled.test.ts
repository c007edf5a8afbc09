import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { defineContract, method } from "../../src/contract/index.js";
import { NewClient } from "../../src/index.js";
import { gate } from "../kit/gate.js";

gate();

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const CHUNKS = "chunks/plugin";
const probe = defineContract("probe", { whoCalls: method<undefined, string>() });

/** A plugin that says which file of the package called its handler. */
const PLUGIN = `import { defineContract, implement, method, serve } from "DIST/plugin.js";
const probe = defineContract("probe", { whoCalls: method() });
await serve({ provides: [implement(probe, { whoCalls: () => new Error().stack })] });`;

interface Setting {
  readonly dist?: string;
  readonly flags?: readonly string[];
  readonly transport?: "tcp" | "unix" | "websocket";
  readonly tls?: "auto";
}

/** The package's file that runs the plugin's calls. */
async function whoServes({ dist = DIST, flags = [], transport = "tcp", tls }: Setting): Promise<string | undefined> {
  const dir = mkdtempSync(join(tmpdir(), "compiled-"));
  const file = join(dir, "plugin.mjs");
  writeFileSync(file, PLUGIN.replace("DIST/", pathToFileURL(`${dist}/`).href));
  const client = NewClient({ command: [process.execPath, ...flags, file], transport, tls });
  try {
    const { whoCalls } = await client.dispense(probe);
    return /serving\.c?js/.exec(await whoCalls())?.[0];
  } finally {
    await client.kill();
    rmSync(dir, { recursive: true });
  }
}

function compiledIn(dist: string): string {
  const names = readdirSync(join(dist, CHUNKS)).filter((name) => name.endsWith(".cache"));
  expect(names).toEqual([`serving-${process.versions.v8}-${process.platform}-${process.arch}.cache`]);
  return join(dist, CHUNKS, names[0] as string);
}

/** The package as it is built, to be spoilt. */
async function inCopy(run: (dist: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "dist-"));
  try {
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
    cpSync(DIST, join(dir, "dist"), { recursive: true });
    await run(join(dir, "dist"));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What V8 says of the compiled form in a Node.js of its own, without this one's environment. */
function isAccepted(...flags: string[]): string {
  const program = `const { readFileSync } = require("node:fs");
    const script = readFileSync(${JSON.stringify(join(DIST, CHUNKS, "serving.cjs"))}, "latin1");
    const cachedData = readFileSync(${JSON.stringify(compiledIn(DIST))}).subarray(32);
    console.log(new (require("node:vm").Script)(script, { cachedData }).cachedDataRejected ? "refused" : "accepted");`;
  return execFileSync(process.execPath, [...flags, "-e", program], { encoding: "utf8", env: {} }).trim();
}

describe.skipIf(process.getBuiltinModule === undefined)("the compiled form", () => {
  test("V8 takes what it made of the plugin's side when the package was built, but not with other flags", () => {
    expect(isAccepted()).toBe("accepted");
    expect(isAccepted("--max-old-space-size=512")).toBe("refused");
  });

  test("it is strict, in ASCII, and knows nothing of where it was built", () => {
    const script = readFileSync(join(DIST, CHUNKS, "serving.cjs"), "latin1");
    expect(script).toMatch(/^\(function \([\w, ]+\) \{"use strict";/);
    expect(script).toMatch(/^[\x00-\x7f]*$/);
    expect(readFileSync(compiledIn(DIST)).includes(DIST)).toBe(false);
  });

  test("a plugin runs it over TCP, unix sockets and TLS, and the module for WebSocket", async () => {
    expect(await whoServes({ transport: "tcp" })).toBe("serving.cjs");
    expect(await whoServes({ transport: "unix" })).toBe("serving.cjs");
    expect(await whoServes({ tls: "auto" })).toBe("serving.cjs");
    expect(await whoServes({ transport: "websocket" })).toBe("serving.js");
  });

  test("a plugin with other flags runs the same script", async () => {
    expect(await whoServes({ flags: ["--max-old-space-size=512"] })).toBe("serving.cjs");
  });

  test("a plugin loads the module where one of the two files is damaged, cut short or gone", async () => {
    const script = join(CHUNKS, "serving.cjs");
    const spoil = (file: string): void => writeFileSync(file, readFileSync(file).fill("x", 100_000, 100_020));
    await inCopy(async (dist) => {
      spoil(compiledIn(dist));
      expect(await whoServes({ dist })).toBe("serving.js");
    });
    await inCopy(async (dist) => {
      spoil(join(dist, script));
      expect(await whoServes({ dist })).toBe("serving.js");
    });
    await inCopy(async (dist) => {
      truncateSync(compiledIn(dist), 50_000);
      expect(await whoServes({ dist })).toBe("serving.js");
      rmSync(compiledIn(dist));
      expect(await whoServes({ dist })).toBe("serving.js");
    });
    await inCopy(async (dist) => {
      rmSync(join(dist, script));
      expect(await whoServes({ dist })).toBe("serving.js");
    });
  });
});
