import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const GUIDE = join(ROOT, "docs/guide");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
/** The pages in the order of the guide's list. */
const PAGES = [...read("docs/guide/README.md").matchAll(/^\d+\. \[([^\]]+)\]\(([\w-]+\.md)\)/gm)].map(([, title = "", file = ""]) => ({
  title,
  file,
}));

interface Block {
  /** The line above it. */
  readonly label: string;
  readonly source: string;
  readonly region: string | undefined;
  readonly body: string;
}

/** The blocks of a page that are copied from programs; what programs print is none. */
function blocksOf(page: string): readonly Block[] {
  const blocks = page.matchAll(/^(.*)\n\n?```\w+ (examples\/[^\s#]+)(?:#([\w-]+))?\n([\s\S]*?)^```$/gm);
  return [...blocks]
    .map(([, label = "", source = "", region, body = ""]) => ({ label: label === "```" ? "" : label, source, region, body }))
    .filter(({ source }) => !source.includes("/output/"));
}

const withoutBlankLines = (text: string): string => text.replace(/^\s*\n/gm, "");
const withoutRegions = (text: string): string => text.replace(/^\s*(?:\/\/|#) #(?:end)?region .*\n/gm, "");

test("the guide's list has each of its pages once", () => {
  const files = readdirSync(GUIDE).filter((file) => file !== "README.md");
  expect(PAGES.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
});

test.each(PAGES)("$file has its title, and leads back and on", ({ title, file }) => {
  const text = readFileSync(join(GUIDE, file), "utf8");
  const at = PAGES.findIndex((page) => page.file === file);
  const link = (way: string, page: (typeof PAGES)[number] | undefined): string[] => (page ? [`${way}: [${page.title}](${page.file})`] : []);
  expect(text.startsWith(`# ${title}\n`)).toBe(true);
  expect(text.split("\n---\n\n").at(-1)).toBe(
    `${[...link("Back", PAGES[at - 1]), "[Guide](README.md)", ...link("Next", PAGES[at + 1])].join(" · ")}\n`,
  );
});

const SHOWING = [...PAGES.map(({ file }) => `docs/guide/${file}`), "README.md", "docs/debugging.md", "docs/sandbox.md"];

test.each(SHOWING)("%s names the file of each block in the line above it", (path) => {
  for (const { label, source } of blocksOf(read(path))) {
    const named = [...label.matchAll(/`([\w./-]+)`/g)].map(([, name = ""]) => name.replace(/^src\//, ""));
    // A second block for the same file needs no second line.
    expect(label === "" || named.some((name) => source.endsWith(`/${name}`)), `${source} below "${label}"`).toBe(true);
  }
});

test.each(SHOWING.filter((path) => path !== "README.md"))(
  "%s has whole programs: its blocks of a file are the file, and say how they follow",
  (path) => {
    const blocks = blocksOf(read(path));
    for (const source of new Set(blocks.map((block) => block.source))) {
      const parts = blocks.filter((block) => block.source === source);
      expect(withoutBlankLines(parts.map(({ body }) => body).join("")), source).toBe(withoutBlankLines(withoutRegions(read(source))));
      const words = parts.map(({ label }) => /\b(begins|goes on|ends)\b/.exec(label)?.[1]);
      expect(
        words.slice(1).filter((word) => word === undefined || word === "begins"),
        source,
      ).toEqual([]);
    }
  },
);

/** The files that a program needs beside it. */
function neededBy(source: string, body: string): readonly string[] {
  const names = [...body.matchAll(/"(\.\.?\/[\w./-]+\.(?:js|cjs|ts|py))"/g)].map(([, name = ""]) => name);
  return names.map((name) => join(dirname(source), /\.js$/.test(name) ? name.replace(/js$/, "ts") : name));
}

test.each(SHOWING.filter((path) => path !== "README.md"))("%s shows what its programs need, or says where it is", (path) => {
  const page = read(path);
  const shown = new Set(blocksOf(page).map(({ source }) => source));
  const isSaid = (needed: string): boolean =>
    page.split(/\n{2,}/).some((paragraph) => {
      const links = [...paragraph.matchAll(/\]\(([^)\s#]+\.md)/g)].map(([, target = ""]) => join(dirname(path), target));
      return paragraph.includes(`\`${basename(needed)}\``) && links.some((link) => read(link).includes(`${needed}\n`));
    });
  const missing = blocksOf(page)
    .flatMap(({ source, body }) => neededBy(source, body))
    .filter((needed) => !shown.has(needed) && !isSaid(needed));
  expect(missing).toEqual([]);
});

test("each program of examples/docs is shown in a document", () => {
  const documents = [...SHOWING, "docs/protocol.md", "docs/external-plugins.md", "docs/guide/README.md"].map(read).join("");
  const programs = readdirSync(join(ROOT, "examples/docs"), { recursive: true, encoding: "utf8" }).filter(
    (name) => /\.(ts|cjs|mjs|py|sh)$/.test(name) && !name.startsWith("certificates/"),
  );
  expect(programs.length).toBeGreaterThan(50);
  expect(programs.filter((name) => !new RegExp(`examples/docs/${name.replaceAll(".", "\\.")}[#\\n]`).test(documents))).toEqual([]);
});
