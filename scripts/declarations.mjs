// Rolls the declarations that tsc wrote, a file for each of src/, up into one for each entry: what an entry exports, and what that names.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAst } from "rolldown/parseAst";

/**
 * The declarations of one entry in one text, and what it exports. What `held` has is imported from there.
 * @throws {Error} If two declarations in it have one name, or it would declare a class that `held` should have: one class is one type.
 */
export function rollUp(entry, held = new Map()) {
  const fileOf = readOnce();
  const exported = new Map([...fileOf(entry).exports].map(([name, from]) => [name, origin(fileOf, from)]));
  const own = [...exported.values()].filter((place) => place.path !== undefined && !held.has(keyOf(place)));
  const places = reach(fileOf, own, held);
  const imports = listsOf(places.filter(({ from }) => from !== undefined).map(({ name, from }) => [name, { name, from }]));
  const declarations = places.filter(({ from }) => from === undefined).map(({ name, path }) => fileOf(path).declarations.get(name).text);
  const exports = listsOf([...exported].map(([name, place]) => [name, held.get(keyOf(place)) ?? place]));
  const text = [
    ...referencesOf(entry),
    ...imports.map(([from, names]) => `import type { ${names} } from "${from}";`),
    ...declarations,
    ...exports.map(([from, names]) => `export { ${names} }${from === undefined ? "" : ` from "${from}"`};`),
  ];
  return { text: `${text.join("\n")}\n`, exported };
}

/** The types that an entry needs beside its own: newer compilers load none by themselves. */
function referencesOf(entry) {
  return readFileSync(entry, "utf8").match(/^\/\/\/ <reference .*$/gm) ?? [];
}

/** What an entry exports, for others to import from it. */
export function holding(exported, from) {
  return new Map([...exported].map(([name, place]) => [keyOf(place), { name, from }]));
}

const keyOf = ({ name, path, from }) => `${path ?? from} ${name}`;

function readOnce() {
  const files = new Map();
  return (path) => {
    if (!files.has(path)) files.set(path, parse(path));
    return files.get(path);
  };
}

/** A file's imports, exports and declarations, each by its name. */
function parse(path) {
  const source = readFileSync(path, "utf8").replace(/^\/\/# .*$/gm, "");
  const file = { imports: new Map(), exports: new Map(), declarations: new Map() };
  let end = 0;
  for (const node of parseAst(source, { lang: "dts" }).body) {
    const comment = source.slice(end, node.start);
    end = node.end;
    const from = node.source && placeOf(path, node.source.value);
    if (node.type === "ImportDeclaration") {
      for (const { local, imported } of node.specifiers) file.imports.set(local.name, { name: imported.name, from });
    } else if (from) {
      for (const { local, exported } of node.specifiers) file.exports.set(exported.name, { name: local.name, from });
    } else {
      declare(file, path, comment, source, node);
    }
  }
  return file;
}

function declare(file, path, comment, source, node) {
  const declaration = node.type === "ExportNamedDeclaration" ? node.declaration : node;
  // `export {}`, by which tsc marks a module.
  if (declaration === null && node.specifiers.length === 0) return;
  const name = declaration?.id?.name ?? declaration?.declarations?.[0].id.name;
  if (name === undefined) throw new Error(`Cannot roll up "${path}": it has a ${node.type} that nothing here knows`);
  const text = `${comment}${source.slice(declaration.start, declaration.end)}`.trim();
  const { text: before, uses = [] } = file.declarations.get(name) ?? {};
  const isClass = declaration.type === "ClassDeclaration";
  // Overloads, and an interface in two parts, are one.
  file.declarations.set(name, { text: before ? `${before}\n${text}` : text, uses: [...uses, ...namesIn(declaration)], isClass });
  if (declaration !== node) file.exports.set(name, { name, from: path });
}

function placeOf(path, from) {
  return from.startsWith(".") ? join(dirname(path), from.replace(/\.js$/, ".d.ts")) : from;
}

/** The names that a declaration may mean others by. Those of its members mean nothing. */
function namesIn(node) {
  if (Array.isArray(node)) return node.flatMap(namesIn);
  if (typeof node !== "object" || node === null) return [];
  if (node.type === "TSImportType") throw new Error("Cannot roll up import(), which nothing here knows");
  const names = node.type === "Identifier" ? [node.name] : [];
  return names.concat(Object.entries(node).flatMap(([part, child]) => (part === "key" && !node.computed ? [] : namesIn(child))));
}

/** Where a name that is imported or exported again is declared: in a file of ours, or from a package. */
function origin(fileOf, { name, from }) {
  if (!from.endsWith(".d.ts")) return { name, from };
  const { declarations, exports, imports } = fileOf(from);
  return declarations.has(name) ? { name, path: from } : origin(fileOf, exports.get(name) ?? imports.get(name));
}

/** Classes that an entry declares: two declarations of one would be two types. */
const rolledUp = new Set();

/** Where these are declared, and all that they name, and that names in turn. */
function reach(fileOf, own, held) {
  const places = new Map();
  const add = (found) => {
    const place = held.get(keyOf(found)) ?? found;
    const known = places.get(place.name);
    if (known === undefined) places.set(place.name, place);
    else if (keyOf(known) !== keyOf(place)) throw new Error(`Cannot roll up: "${place.name}" is ${keyOf(known)} and ${keyOf(place)}`);
  };
  for (const place of own) add(place);
  // Those that are added meanwhile come up, too.
  for (const { name, path } of places.values()) {
    if (path === undefined) continue;
    const { declarations, imports } = fileOf(path);
    const { uses, isClass } = declarations.get(name);
    if (isClass && rolledUp.has(keyOf({ name, path })))
      throw new Error(`Cannot roll up: class "${name}" would be declared in more than one entry`);
    if (isClass) rolledUp.add(keyOf({ name, path }));
    for (const used of uses) {
      if (declarations.has(used)) add({ name: used, path });
      else if (imports.has(used)) add(origin(fileOf, imports.get(used)));
    }
  }
  return [...places.values()];
}

/** Names by where they are from, each as it is written between braces; those of this file have no place. */
function listsOf(entries) {
  const lists = new Map();
  for (const [name, place] of entries) {
    lists.set(place.from, [...(lists.get(place.from) ?? []), place.name === name ? name : `${place.name} as ${name}`]);
  }
  return [...lists].map(([from, names]) => [from, names.sort().join(", ")]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}
