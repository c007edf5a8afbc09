import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ENTRIES = ["connectors", "contract", "host", "index", "plugin", "testing"];

/** Compiles a program that uses the package as it is built, its declarations checked as well; returns the files of it that were read. */
function filesReadBy(program: string): string[] {
  const dir = mkdtempSync(join(tmpdir(), "types-"));
  try {
    mkdirSync(join(dir, "node_modules"));
    symlinkSync(ROOT, join(dir, "node_modules/mortise"));
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
    writeFileSync(join(dir, "program.ts"), program);
    const types = ["--types", "node", "--typeRoots", join(ROOT, "node_modules/@types")];
    const strict = ["--strict", "--exactOptionalPropertyTypes", "--verbatimModuleSyntax", "--skipLibCheck", "false"];
    const how = ["--noEmit", "--module", "nodenext", "--target", "es2022", "--lib", "es2023,esnext.disposable", "--listFiles"];
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    const { stdout, status } = spawnSync(tsc, [...how, ...strict, ...types, "program.ts"], { cwd: dir, encoding: "utf8" });
    expect(status, stdout).toBe(0);
    const dist = join(ROOT, "dist/");
    const read = stdout.split("\n").filter((path) => path.startsWith(dist));
    return read.map((path) => path.slice(dist.length)).sort();
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test("each entry has its declarations in one file, beside those of mortise/contract", () => {
  const files = readdirSync(join(ROOT, "dist"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".d.ts"));
  expect(files.sort()).toEqual(ENTRIES.map((name) => `${name}.d.ts`));
  expect(filesReadBy('import { NewClient } from "mortise"; NewClient({ command: "./plugin.js" });')).toEqual([
    "contract.d.ts",
    "index.d.ts",
  ]);
  expect(filesReadBy('import { method } from "mortise/contract"; method<string, string>();')).toEqual(["contract.d.ts"]);
});

test("each class is declared once, and an error from one entry is that of every other", () => {
  const declared = ENTRIES.flatMap((name) => {
    const text = readFileSync(join(ROOT, `dist/${name}.d.ts`), "utf8");
    return [...text.matchAll(/^declare class (\w+)/gm)].map(([, own]) => own);
  });
  expect(declared.sort()).toEqual([
    "ConflictError",
    "Host",
    "IncompatibleError",
    "ManifestError",
    "NotReadyError",
    "PluginError",
    "RemoteError",
    "StartError",
    "ValidationError",
    "VetoError",
  ]);
  const program = `import { defineContract, isPluginError, method, StartError } from "mortise";
    import { type Contract, type PluginError, implement } from "mortise/contract";
    import { PluginError as Thrown, serve } from "mortise/plugin";
    import { connectInMemory } from "mortise/testing";
    type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
    const same: Equal<PluginError, Thrown> = true;
    const greeter = defineContract("greeter", { greet: method<{ name: string }, string>() });
    const contract: Contract = greeter;
    const provides = [implement(greeter, { greet: ({ name }) => name.toUpperCase() })];
    const { greet } = (await connectInMemory({ provides })).dispense(greeter);
    const answer: string = await greet({ name: "world" });
    // @ts-expect-error It takes a name.
    await greet({});
    await serve({ provides });
    const error: unknown = undefined;
    if (isPluginError(error, "START_FAILED")) throw new StartError(error.code, answer, { step: error.step, reason: error.reason, command: contract.name });
    export { same };`;
  expect(filesReadBy(program)).toEqual(["contract.d.ts", "index.d.ts", "plugin.d.ts", "testing.d.ts"]);
});

test("what an editor shows of a name is what its source says", () => {
  const text = readFileSync(join(ROOT, "dist/index.d.ts"), "utf8");
  expect(text).toMatch(
    / \* @throws \{TypeError \| RangeError\} If an option is unknown or wrong\.\n[\s\S]*?\*\/\ndeclare function NewClient\(/,
  );
});
