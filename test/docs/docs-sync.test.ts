import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/docs-sync.mjs", import.meta.url));
const SOURCE = 'import { a } from "a";\n\n  // #region call\n  a({\n    b: 1,\n  });\n  // #endregion call\n';
const FENCE = "```ts examples/a.ts#call\n";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "docs-"));
  for (const name of ["scripts", "docs", "examples"]) mkdirSync(join(dir, name));
  cpSync(SCRIPT, join(dir, "scripts/docs-sync.mjs"));
  writeFileSync(join(dir, "examples/a.ts"), SOURCE);
});
afterEach(() => rmSync(dir, { recursive: true }));

function sync(readme: string, ...args: string[]): { status: number | null; output: string; readme: string } {
  writeFileSync(join(dir, "README.md"), readme);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dir, "scripts/docs-sync.mjs"), ...args], { encoding: "utf8" });
  return { status, output: stdout + stderr, readme: readFileSync(join(dir, "README.md"), "utf8") };
}

test("docs:sync copies a region into its block, moved left, and leaves the rest alone", () => {
  const { status, readme } = sync(`# A\n\n${FENCE}old\n\`\`\`\n\n\`\`\`ts\nmine\n\`\`\`\n`);
  expect(status).toBe(0);
  expect(readme).toBe(`# A\n\n${FENCE}a({\n  b: 1,\n});\n\`\`\`\n\n\`\`\`ts\nmine\n\`\`\`\n`);
});

test("docs:sync copies a whole file without the comments that mark its regions", () => {
  const { status, readme } = sync("```ts examples/a.ts\nold\n```\n");
  expect(status).toBe(0);
  expect(readme).toBe('```ts examples/a.ts\nimport { a } from "a";\n\n  a({\n    b: 1,\n  });\n```\n');
});

test("docs:sync copies into the documents of a folder, too", () => {
  mkdirSync(join(dir, "docs/guide"));
  writeFileSync(join(dir, "docs/guide/a.md"), `${FENCE}old\n\`\`\`\n`);
  expect(sync("").output).toBe("docs/guide/a.md: examples/a.ts#call copied\n");
});

test("docs:sync --check lists a block that differs, changes nothing and fails", () => {
  const { status, output, readme } = sync(`${FENCE}old\n\`\`\`\n`, "--check");
  expect(status).toBe(1);
  expect(output).toBe("README.md: examples/a.ts#call differs\n1 block differs from the source\n  Run: npm run docs:sync\n");
  expect(readme).toContain("old");
});

test("docs:sync fails when a block names a region that its file does not have", () => {
  const { status, output } = sync("```ts examples/a.ts#gone\n```\n", "--check");
  expect(status).toBe(1);
  expect(output).toContain('Cannot find region "gone" in "examples/a.ts"');
});

test("each block of the documents is as its source has it", () => {
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, "--check"], { encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});
