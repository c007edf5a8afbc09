import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { defineContract, method } from "../../../src/index.js";

/** What the plugin of a package provides. */
export const sample = defineContract("sample", {
  version: method<void, string>(),
  config: method<void, unknown>(),
  credential: method<{ permissions?: string[] } | undefined, unknown>(),
  say: method<string, void>(),
  exit: method<number, void>(),
});

const DIST = new URL("../../../dist/plugin.js", import.meta.url).href;

/** A program that provides `sample`; it declines a setting `bad`. */
export function sampleProgram(version: string): string {
  return `#!/usr/bin/env node
import { credentials, defineContract, implement, method, serve } from ${JSON.stringify(DIST)};
const sample = defineContract("sample", { version: method(), config: method(), credential: method(), say: method(), exit: method() });
let config;
await serve({
  configure(given) {
    if (given.bad) throw new Error("a bad setting");
    config = given;
  },
  provides: [implement(sample, {
    version: () => ${JSON.stringify(version)},
    config: () => config,
    credential: async (input, { peer }) => (await peer.dispense(credentials)).get(input),
    say: (text) => void console.error(text),
    exit: (code) => void setImmediate(() => process.exit(code)),
  })],
});
`;
}

/** A directory with these files, in the temp directory of the test. */
export function packageOf(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "package-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

/** A package with the sample plugin. */
export function samplePackage(version = "1.0.0", manifest: object = {}, files: Readonly<Record<string, string>> = {}): string {
  const whole = { id: "sample", name: "Sample", version, command: "./main.mjs", ...manifest };
  return packageOf({ "mortise.json": JSON.stringify(whole), "main.mjs": sampleProgram(version), ...files });
}

/** The same as a zip. */
export function zipOf(directory: string): string {
  const file = `${directory}.zip`;
  execFileSync("zip", ["-qr", file, "."], { cwd: directory });
  return file;
}
