// Pieces of a page in Markdown.

export function table(titles, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [titles, titles.map(() => "---"), ...rows].map(line).join("\n");
}

export function fence(text) {
  return `\`\`\`ts\n${text}\n\`\`\``;
}

export function code(text) {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** A text whose error codes lead to what docs/errors.md says of them. */
export function linked(text, links) {
  return text.replace(/`([A-Z][A-Z_]+)`/g, (all, name) => (links.has(name) ? `[${all}](${links.get(name)})` : all));
}

/** A type, which leads to its description where it names one type of this page. */
export function typeCell(type, links) {
  const known = [...new Set(type.match(/\b[A-Z]\w+\b/g))].filter((name) => links.has(name));
  return known.length === 1 ? `[${code(type)}](${links.get(known[0])})` : code(type);
}

/** What a `@default` says: a value as code, words as they are. */
export function defaultCell(text) {
  const [value] = /^(-?[\d_.]+|"[^"]*"|\[.*\]|\{.*\}|true|false|null|[A-Z]\w+)(?=$|,? \(|[,:] )/.exec(text) ?? [];
  return value === undefined ? text : code(value) + text.slice(value.length);
}
