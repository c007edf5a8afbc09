// What was joined last. Short: it is kept until the next is.
let lastLines: readonly string[] = [];
let lastText = "";
const MAX_LENGTH = 64 * 1024;

/**
 * Lines as one text, each with its end. What many connections are sent in one tick, as an event is, is joined once for all of them:
 * that costs more than all the rest of their sending.
 * @param lines Never changed any more.
 */
export function joinLines(lines: readonly string[]): string {
  if (lines.length === 1) return `${lines[0]}\n`;
  if (isLast(lines)) return lastText;
  const text = `${lines.join("\n")}\n`;
  if (text.length > MAX_LENGTH) return text;
  lastLines = lines;
  lastText = text;
  return text;
}

function isLast(lines: readonly string[]): boolean {
  const count = lines.length;
  if (count !== lastLines.length) return false;
  for (let index = 0; index < count; index++) if (lines[index] !== lastLines[index]) return false;
  return true;
}
