// Writes what was read of a declaration as a section of the page.
import { code, fence, linked, table } from "./markdown.mjs";
import { memberTable, throwsText } from "./members.mjs";
import { signature, slice } from "./source-text.mjs";

const FORMS = {
  FunctionDeclaration: { heading: (name) => `${name}()`, isValue: true, render: renderFunction },
  TSDeclareFunction: { heading: (name) => `${name}()`, isValue: true, render: renderFunction },
  VariableDeclaration: { heading: (name) => name, isValue: true, render: renderValue },
  ClassDeclaration: { heading: (name) => `class ${name}`, isValue: true, render: renderClass },
  TSInterfaceDeclaration: { heading: (name) => `type ${name}`, isValue: false, render: renderInterface },
  TSTypeAliasDeclaration: { heading: (name) => `type ${name}`, isValue: false, render: renderType },
};

/** Its heading, and the anchor that GitHub gives that; whether it is there when the program runs. */
export function describe({ name, parts: [{ node, doc }] }) {
  if (doc.paragraphs.length === 0) throw new Error(`Cannot describe "${name}": it has no docstring`);
  const form = FORMS[node.type];
  const heading = form.heading(name);
  const anchor = heading
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
  return { heading, anchor, isValue: form.isValue };
}

/** Its section. `links` has an address for each name on the page and for each error code. */
export function renderDeclaration(declaration, links) {
  const [{ node, doc }] = declaration.parts;
  const { heading } = describe(declaration);
  const { before = [], after = [], how } = FORMS[node.type].render({ ...declaration, links }, node, doc);
  const text = doc.paragraphs.map((paragraph) => linked(paragraph, links));
  return [`### ${heading}`, ...before, ...text, ...after, ...afterwards(doc, links, how)].join("\n\n");
}

function renderFunction(page, node, doc) {
  // Where there are overloads, the one with a body is not seen from outside.
  const seen = page.parts.length === 1 ? page.parts : page.parts.filter((part) => !part.node.body);
  const params = [...doc.params].map(([name, what]) => [code(name), linked(what, page.links)]);
  return {
    before: [fence(seen.map((part) => `function ${signature(page, part.node)};`).join("\n"))],
    after: params.length > 0 ? [table(["Parameter", "What it is"], params)] : [],
    how: /^: Promise</.test(slice(page, node.returnType)) ? "Rejects with:" : "Throws:",
  };
}

function renderValue({ name }, { kind, declarations: [{ init }] }) {
  return { before: [fence(`${kind} ${name}: ${kind === "const" ? JSON.stringify(init.value) : typeof init.value};`)] };
}

function renderClass(page, { superClass, body }) {
  const maker = body.body.find(({ kind }) => kind === "constructor");
  const isProperty = ({ type, kind }) => type === "PropertyDefinition" || (type === "MethodDefinition" && kind === "get");
  const members = body.body.filter((member) => isProperty(member) && member.key.type !== "PrivateIdentifier");
  return {
    before: [fence(`class ${page.name} extends ${slice(page, superClass)} {\n  constructor${signature(page, maker.value)};\n}`)],
    after: members.length > 0 ? [memberTable(page, members)] : [],
  };
}

function renderInterface(page, node) {
  const parents = node.extends.map((parent) => slice(page, parent)).join(", ");
  const line = `${page.name}${slice(page, node.typeParameters)}${parents === "" ? "" : ` extends ${parents}`}`;
  // A name alone is in the heading already.
  return { before: line === page.name ? [] : [fence(`interface ${line}`)], after: [memberTable(page, node.body.body)] };
}

function renderType({ text }, { start, end }) {
  return { before: [fence(text.slice(start, end))] };
}

function afterwards({ throws, examples, see }, links, how = "Throws:") {
  const errors = throws.map((entry) => `- ${linked(throwsText(entry), links)}`).join("\n");
  return [
    ...(errors === "" ? [] : [`${how}\n\n${errors}`]),
    ...examples.map(fence),
    ...see.map((text) => `See ${/^https:/.test(text) ? `<${text}>` : linked(text, links)}.`),
  ];
}
