// The members of a class or an interface, as a table.
import { code, defaultCell, linked, table, typeCell } from "./markdown.mjs";
import { docstringBefore } from "./read.mjs";
import { parameters, slice } from "./source-text.mjs";

/** The units that numbers carry in the ends of their names. */
const UNITS = {
  Ms: "milliseconds",
  Bytes: "bytes",
  Calls: "calls",
  Streams: "streams",
  Functions: "functions",
  Count: "items",
  Depth: "levels",
  Port: "port",
};
const COLUMNS = {
  Name: nameOf,
  Type: ({ type, page }) => typeCell(type, page.links),
  Unit: ({ type, name }) => (type === "number" ? (Object.entries(UNITS).find(([end]) => name.endsWith(end))?.[1] ?? "") : ""),
  Default: defaultOf,
  "What it is": ({ doc }) => doc.paragraphs.join(" "),
  Throws: ({ doc }) => doc.throws.map(throwsText).join(" "),
};

/** Members with their types, and what of unit, default and errors there is among them. */
export function memberTable(page, nodes) {
  const members = nodes.flatMap((node) => readMember(page, node, ""));
  const columns = Object.entries(COLUMNS).map(([title, cellOf]) => [title, members.map((member) => linked(cellOf(member), page.links))]);
  const used = columns.filter(([, cells]) => cells.some((cell) => cell !== ""));
  const titles = used.map(([title]) => title);
  return table(
    titles,
    members.map((_, index) => used.map(([, cells]) => cells[index])),
  );
}

/** What a docstring says of an error: its sentence goes on behind a colon. */
export function throwsText({ types, when }) {
  const what = types.map(code).join(" or ");
  const clause = when.replace(/^(`\w+` )?[A-Z](?=[a-z]* )/, (start) => start.slice(0, -1) + start.slice(-1).toLowerCase());
  return clause === "" ? what : `${what}: ${clause}`;
}

/** A member, and those of the objects in its type that have a description of their own. */
function readMember(page, node, prefix) {
  const name = `${prefix}${slice(page, node.key)}`;
  const doc = docstringBefore(page, node);
  const isMethod = node.type === "TSMethodSignature";
  const { typeAnnotation } = isMethod ? node.returnType : (node.typeAnnotation ?? node.value.returnType);
  const type = slice(page, typeAnnotation);
  // What callers may leave out may be undefined, too; what they are handed may be absent.
  const isOption = !isMethod && node.optional && / \| undefined$/.test(type);
  if (doc.paragraphs.length === 0) throw new Error(`Cannot describe "${page.name}.${name}": it has no docstring`);
  if (isOption && doc.default === undefined) throw new Error(`Cannot describe "${page.name}.${name}": its docstring has no @default`);
  const member = { page, node, name, doc, isMethod, type: isOption ? withoutUndefined(type) : type };
  return [member, ...optionsWithin(node.typeAnnotation).flatMap((inner) => readMember(page, inner, `${name}.`))];
}

function withoutUndefined(type) {
  return type.replace(/ \| undefined$/, "").replace(/^\((\(.*)\)$/, "$1");
}

function optionsWithin(node) {
  if (typeof node !== "object" || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(optionsWithin);
  if (node.type === "TSTypeLiteral") return node.members.filter(({ optional }) => optional);
  return node.type === "TSFunctionType" ? [] : Object.values(node).flatMap(optionsWithin);
}

function nameOf({ page, node, name, doc, isMethod }) {
  if (isMethod) return code(`${name}${slice(page, node.typeParameters)}(${parameters(page, node.params)})`);
  return code(node.optional && doc.default === undefined ? `${name}?` : name);
}

function defaultOf({ page, node, doc, isMethod }) {
  if (doc.default !== undefined) return defaultCell(doc.default);
  return page.name.endsWith("Options") && !isMethod && !node.optional ? "required" : "";
}
