import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const DOCUMENT = readFileSync(new URL("../../docs/architecture.md", import.meta.url), "utf8");
const SRC = new URL("../../src/", import.meta.url);

/** The files of the first tree in docs/architecture.md, by path. */
function plannedFiles(): string[] {
  const [tree = ""] = /^src\/\n[\s\S]*?^```$/m.exec(DOCUMENT) ?? [];
  /** The folders that a line stands in, outermost first; each level is indented by three characters. */
  const folders: string[] = [];
  return tree.split("\n").flatMap((line) => {
    const [, indent = "", name = ""] = /^([│├└─ ]+)([\w.-]+\.ts|[\w-]+\/)/.exec(line) ?? [];
    folders.length = Math.max(0, indent.length / 3 - 1);
    if (name.endsWith("/")) folders.push(name);
    return name.endsWith(".ts") ? [`${folders.join("")}${name}`] : [];
  });
}

test("the floor plan in docs/architecture.md lists the files of src/, each once", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  expect(plannedFiles().sort()).toEqual(files.sort());
});
