// What a docstring says, taken apart by its tags.

const TAG = /(?:^|\s)@(default|throws|param|example|see)\b[ \t]*/g;

/**
 * The paragraphs of a docstring, and what stands behind each of its tags. Tags may stand within a line, as in
 * `From spawn to ready. @default 60_000`.
 *
 * @param comment What stands between `/*` and the end of the comment; undefined gives empty parts.
 */
export function readDocstring(comment) {
  const text = (comment ?? "")
    .replace(/^\*/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();
  const tags = [...text.matchAll(TAG)];
  const said = tags.map((tag, index) => ({
    name: tag[1],
    text: text.slice(tag.index + tag[0].length, tags[index + 1]?.index).trim(),
  }));
  const all = (name) => said.filter((tag) => tag.name === name).map((tag) => tag.text);
  return {
    paragraphs: text
      .slice(0, tags[0]?.index)
      .split(/\n{2,}/)
      .map(inOneLine)
      .filter(Boolean),
    default: all("default").map(inOneLine)[0],
    throws: all("throws").map(inOneLine).map(readThrows),
    params: new Map(all("param").map(inOneLine).map(readParam)),
    examples: all("example"),
    see: all("see").map(inOneLine),
  };
}

function readThrows(text) {
  const [, types, when] = /^\{([^}]+)\}\s*(.*)$/.exec(text) ?? [];
  if (types === undefined) throw new Error(`Cannot read "@throws ${text}": the type stands in braces, as in @throws {TypeError} If …`);
  return { types: types.split("|").map((type) => type.trim()), when };
}

function readParam(text) {
  const [, name, what] = /^(\w+)\s*(.*)$/.exec(text) ?? [];
  return [name, what];
}

function inOneLine(text) {
  return text
    .replace(/\s+/g, " ")
    .replace(/\{@link (\w+)\}/g, "`$1`")
    .trim();
}
