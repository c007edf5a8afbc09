import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { expect, test } from "vitest";
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

test("V8 takes what it made of the plugin's side when the package was built", () => {
  const text = readFileSync(join(DIST, CHUNKS, "serving.cjs"), "latin1");
  const script = new Script(text, { cachedData: readFileSync(compiledIn(DIST)) });
  expect(script.cachedDataRejected).toBe(false);
  // One character beyond Latin-1 would make it another text.
  expect(text).toMatch(/^[\x00-\x7f]*$/);
});

test("a plugin runs the compiled form over TCP and unix sockets, and the module where more is to be loaded", async () => {
  expect(await whoServes({ transport: "tcp" })).toBe("serving.cjs");
  expect(await whoServes({ transport: "unix" })).toBe("serving.cjs");
  expect(await whoServes({ tls: "auto" })).toBe("serving.cjs");
  expect(await whoServes({ transport: "websocket" })).toBe("serving.js");
});

test("a plugin runs all the same where V8 refuses the compiled form, or a part of it is lost", async () => {
  expect(await whoServes({ flags: ["--max-lazy"] })).toBe("serving.cjs");
  await inCopy(async (dist) => {
    truncateSync(compiledIn(dist), 50_000);
    expect(await whoServes({ dist })).toBe("serving.cjs");
  });
});

test("a plugin loads the module where there is no compiled form for its Node.js", async () => {
  await inCopy(async (dist) => {
    rmSync(compiledIn(dist));
    expect(await whoServes({ dist })).toBe("serving.js");
  });
});
