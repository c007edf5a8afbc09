// Writes docs/api.md from the docstrings of what the entry points export.
//
//   node scripts/api-docs.mjs           writes the page
//   node scripts/api-docs.mjs --check   fails where it is not what would be written
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { namedBy, readEntry } from "./api/read.mjs";
import { describe, renderDeclaration } from "./api/render.mjs";

const ROOT = new URL("../", import.meta.url);
const PAGE = new URL("docs/api.md", ROOT);
/** Entry points by what they are imported as, and where each one's source is. What several export is described with the first. */
const ENTRIES = {
  "mortise/contract": "src/contract/index.ts",
  mortise: "src/index.ts",
  "mortise/plugin": "src/serve/index.ts",
  "mortise/host": "src/host/index.ts",
  "mortise/connectors": "src/connectors/index.ts",
  "mortise/testing": "src/testing/index.ts",
};
const HEAD = `# API

<!-- Made by scripts/api-docs.mjs from the docstrings in src/. Change those, then run: npm run docs:sync -->

Everything that the package exports, with each option's type, unit, default and errors. [The guide](guide/README.md) shows how it is
used, task by task; [errors.md](errors.md) has the cause and the remedy of each code.

- An option that is left out, or \`undefined\`, has its default; \`| undefined\` is left out of the types below.
- An option that is unknown, or of another type, throws a \`TypeError\`, and a number that is out of range a \`RangeError\`. Both name the
  option, and both mean: change the program.
- What can go wrong at run time is a \`PluginError\` with a \`code\`. A function that returns a promise rejects, and throws nothing.`;

function makePage() {
  checkEntries();
  const entries = readEntries();
  const own = entries.flatMap((entry) => entry.own);
  const unnamed = inOrder(namedAlong(own));
  const links = linksOf([...own, ...unnamed]);
  const sections = [...entries, { title: "Types that have no export", about: "They stand in the types above.", own: unnamed, others: [] }];
  return `${[HEAD, ...sections.flatMap((section) => renderSection(section, links))].join("\n\n")}\n`;
}

/** What each entry point exports: what is described with it, and what was described with an earlier one. */
function readEntries() {
  const seen = new Set();
  return Object.entries(ENTRIES).map(([name, path]) => {
    const { about, exports } = readEntry(new URL(path, ROOT));
    const own = exports.filter((declaration) => !seen.has(keyOf(declaration)));
    const others = exports.filter((declaration) => seen.has(keyOf(declaration)));
    for (const declaration of own) seen.add(keyOf(declaration));
    return { title: `\`${name}\``, about, own: inOrder(own), others: inOrder(others) };
  });
}

function renderSection({ title, about, own, others }, links) {
  const list = (declarations) => declarations.map(({ name }) => `[\`${name}\`](${links.get(name)})`).join(", ");
  if (own.length + others.length === 0) return [];
  return [
    `## ${title}`,
    about,
    ...(own.length > 0 ? [`${list(own)}.`] : []),
    ...(others.length > 0 ? [`And, as described above: ${list(others)}.`] : []),
    ...own.map((declaration) => renderDeclaration(declaration, links)),
  ];
}

/** What the package exports must be what is described. */
function checkEntries() {
  const { name, exports } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
  const wanted = Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => name + path.slice(1));
  const lacking = wanted.filter((entry) => !Object.hasOwn(ENTRIES, entry));
  if (lacking.length > 0) throw new Error(`Cannot describe "${lacking[0]}": scripts/api-docs.mjs does not say where its source is`);
}

/** Types that the declarations name and no entry point exports, and those that they name in turn. */
function namedAlong(declarations) {
  const seen = new Set(declarations.map(keyOf));
  const found = [];
  const queue = [...declarations];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const named of namedBy(next)) {
      if (seen.has(keyOf(named))) continue;
      seen.add(keyOf(named));
      found.push(named);
      queue.push(named);
    }
  }
  return found;
}

/** Functions, values and classes first: a reader looks for what to call. Then types. */
function inOrder(declarations) {
  const rank = (declaration) => (describe(declaration).isValue ? 0 : 1);
  return declarations.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { caseFirst: "upper" }));
}

/** Where each name is described: on this page, and error codes in errors.md. */
function linksOf(declarations) {
  const codes = readFileSync(new URL("docs/errors.md", ROOT), "utf8").matchAll(/^## ([A-Z_]+)$/gm);
  return new Map([
    ...[...codes].map(([, code]) => [code, `errors.md#${code.toLowerCase()}`]),
    ...declarations.map((declaration) => [declaration.name, `#${describe(declaration).anchor}`]),
  ]);
}

function keyOf({ name, url }) {
  return `${url.href}#${name}`;
}

function main(check) {
  const page = makePage();
  if (existsSync(PAGE) && readFileSync(PAGE, "utf8") === page) return;
  if (!check) {
    writeFileSync(PAGE, page);
    console.log("docs/api.md: written");
    return;
  }
  console.error("docs/api.md is not what the docstrings say\n  Run: npm run docs:sync");
  process.exitCode = 1;
}

main(process.argv.includes("--check"));
