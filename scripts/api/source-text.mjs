// How a declaration reads, out of its source.

/** A function's name, type parameters, parameters and result. */
export function signature(page, { id, typeParameters, params, returnType }) {
  return `${id?.name ?? ""}${slice(page, typeParameters)}(${parameters(page, params)})${slice(page, returnType)}`;
}

/** Parameters as callers see them: one that has a value of its own may be left out. */
export function parameters(page, params) {
  const texts = params.map((param) =>
    param.type === "AssignmentPattern" ? slice(page, param.left).replace(/^(\w+):/, "$1?:") : slice(page, param),
  );
  return texts.join(", ");
}

/** The text of a node, on one line and without comments. */
export function slice({ text, comments }, node) {
  if (!node) return "";
  let line = "";
  let from = node.start;
  for (const { start, end } of comments.filter((comment) => comment.start >= node.start && comment.end <= node.end)) {
    line += text.slice(from, start);
    from = end;
  }
  line += text.slice(from, node.end);
  // What the formatter wrote for several lines.
  return line
    .replace(/\s+/g, " ")
    .replace(/(^|[:(<&] )\| /g, "$1")
    .replaceAll("; }", " }")
    .replace(/, ?(?=[)\]}])/g, "");
}
