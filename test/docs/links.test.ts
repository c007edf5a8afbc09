import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const mdIn = (dir: string, recursive: boolean): string[] =>
  readdirSync(join(ROOT, dir), { recursive, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(dir, name));
const DOCUMENTS = [...mdIn("", false), ...mdIn("docs", true), "bench/README.md"];

/** A document's text, without its blocks of code. */
const proseOf = (path: string): string => readFileSync(join(ROOT, path), "utf8").replace(/^```[\s\S]*?^```$/gm, "");

/** The anchors that GitHub gives the headings of a document. */
function anchorsOf(path: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const slugs = [...proseOf(path).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = text.replace(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  return new Set(slugs);
}

/** Relative links of a document that lead nowhere. */
function deadLinksOf(path: string): string[] {
  const targets = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
  return targets.filter((target) => {
    const [file = "", anchor] = target.split("#");
    const found = file === "" ? path : join(dirname(path), file);
    if (found.startsWith("..") || !existsSync(join(ROOT, found))) return true;
    return anchor !== undefined && (statSync(join(ROOT, found)).isDirectory() || !anchorsOf(found).has(anchor));
  });
}

test("there are links to look at", () => {
  expect(DOCUMENTS.length).toBeGreaterThan(30);
  expect(proseOf("README.md")).toContain("](docs/api.md)");
  expect(anchorsOf("docs/api.md")).toContain("type-clientoptions");
});

test.each(DOCUMENTS)("%s has no link that leads nowhere", (path) => {
  expect(deadLinksOf(path)).toEqual([]);
});

test("each document is reached from the README", () => {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const [, target = ""] of proseOf(path).matchAll(/\]\(([^)\s#:]+\.md)(?:#[^)]*)?\)/g)) visit(join(dirname(path), target));
  };
  visit("README.md");
  expect(DOCUMENTS.filter((path) => !reached.has(path))).toEqual([]);
});
