import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PackedProject, packedProject, ROOT } from "./packed-project.js";
import { findTool } from "./tools.js";

// A browser's types, which a program gets if it asks for no others, take the older ones as long as all the rest.
const VERSIONS: readonly (readonly [version: string, ...options: string[]])[] = [
  ["5.4", "--lib", "es2022"],
  ["5.9", "--lib", "es2022"],
  ["6", "--lib", "es2022"],
  ["7"],
];
const COMPILE_MS = 120_000;

// What has no types of Node.js, and what has. The oldest TypeScript knows the oldest of those.
let plain: PackedProject;
let typed: PackedProject;
beforeAll(() => {
  plain = withConsumers();
  typed = withConsumers(["@types/node", "undici-types"]);
}, 60_000);
afterAll(() => {
  plain[Symbol.dispose]();
  typed[Symbol.dispose]();
});

function withConsumers(modules: readonly string[] = []): PackedProject {
  const project = packedProject(modules);
  cpSync(join(ROOT, "test/fixtures/consumers"), project.dir, { recursive: true });
  return project;
}

/** What the compiler says of files, with no more options than modules need, and a caller's own. */
function compile(tsc: string, { dir }: PackedProject, files: readonly string[], options: readonly string[] = []): string {
  const args = [tsc, "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", ...options, ...files];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: dir, encoding: "utf8" });
  return `${stdout}${stderr}exit code ${status}`;
}

for (const [version, ...options] of VERSIONS) {
  const { file: tsc, lack } = findTool(`TypeScript ${version}`, [`typescript-${version}/bin/tsc`]);
  const why = lack === undefined ? "" : ` (${lack})`;
  test.skipIf(lack !== undefined)(
    `TypeScript ${version} compiles contracts without types of Node.js or of a browser${why}`,
    { timeout: COMPILE_MS },
    () => {
      expect(compile(tsc, plain, ["contract.ts"], ["--lib", "es2022"])).toBe("exit code 0");
    },
  );

  test.skipIf(lack !== undefined)(
    `TypeScript ${version} compiles a host, a plugin and their tests, told of no types${why}`,
    { timeout: COMPILE_MS },
    () => {
      expect(compile(tsc, typed, ["host.ts", "plugin.ts", "testing.ts"], options)).toBe("exit code 0");
    },
  );
}
