// Reads what an entry point exports out of its source: declarations, signatures and docstrings.
import { readFileSync } from "node:fs";
import { parseSync } from "rolldown/utils";
import { readDocstring } from "./docstring.mjs";

/** Parsed files, by address. */
const files = new Map();

/** What an entry point exports, by name and in the order of its exports, and the comment at its top. */
export function readEntry(url) {
  const file = parse(url);
  const names = file.program.body.flatMap((statement) => (statement.type === "ExportNamedDeclaration" ? namesOf(statement) : []));
  const [first] = file.comments;
  return { about: first?.type === "Line" ? first.value.trim() : "", exports: names.map((name) => find(url, name)) };
}

/** The types that a declaration names and that are declared in this package, each as a declaration. */
export function namedBy(declaration) {
  const names = new Set();
  for (const { node } of declaration.parts) collectNames(node, names);
  return [...names].flatMap((name) => find(declaration.url, name, true) ?? []);
}

function parse(url) {
  const known = files.get(url.href);
  if (known !== undefined) return known;
  const text = readFileSync(url, "utf8");
  const { program, comments, errors } = parseSync(url.pathname, text);
  if (errors.length > 0) throw new Error(`Cannot read ${url.pathname}: ${errors[0].message}`);
  const file = { url, text, program, comments };
  files.set(url.href, file);
  return file;
}

function namesOf({ declaration, specifiers }) {
  if (declaration) return declaration.declarations ? declaration.declarations.map(({ id }) => id.name) : [declaration.id.name];
  return specifiers.map(({ exported }) => exported.name);
}

/** The declaration of a name in a file, wherever that file has it from. */
function find(url, name, optional = false) {
  const file = parse(url);
  const parts = [];
  for (const statement of file.program.body) {
    const from = reexport(statement, name);
    if (from !== undefined) return find(new URL(from.source.replace(/\.js$/, ".ts"), url), from.name, optional);
    const node = statement.type === "ExportNamedDeclaration" && statement.declaration ? statement.declaration : statement;
    const declared = node.declarations?.[0] ?? node;
    if (declared.id?.name === name) parts.push({ node, doc: docstringBefore(file, statement) });
  }
  if (parts.length > 0) return { name, url, text: file.text, comments: file.comments, parts };
  if (optional) return undefined;
  throw new Error(`Cannot find "${name}" in ${url.pathname}`);
}

/** Where a name comes from, if this statement brings it from another file of this package. */
function reexport({ type, source, specifiers = [] }, name) {
  if (!source?.value.startsWith(".") || (type !== "ExportNamedDeclaration" && type !== "ImportDeclaration")) return undefined;
  const found = specifiers.find(({ exported, local }) => (exported ?? local).name === name);
  return found && { source: source.value, name: (type === "ImportDeclaration" ? found.imported : found.local).name };
}

/** The docstring that ends right before a node. */
export function docstringBefore({ text, comments }, { start }) {
  const before = comments.findLast(({ end }) => end <= start);
  const isDocstring = before?.type === "Block" && before.value.startsWith("*") && text.slice(before.end, start).trim() === "";
  return readDocstring(isDocstring ? before.value : undefined);
}

function collectNames(node, names) {
  if (Array.isArray(node)) for (const each of node) collectNames(each, names);
  if (typeof node !== "object" || node === null) return;
  // What is inside a function, or is private, is no part of the declaration.
  if (node.type === "BlockStatement" || node.key?.type === "PrivateIdentifier") return;
  if (node.type === "TSTypeReference" && node.typeName.type === "Identifier") names.add(node.typeName.name);
  for (const child of Object.values(node)) collectNames(child, names);
}
