const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;
/** The escape of each of them, made once: a flood of such characters costs a tenth of what making them each time does. */
const ESCAPES = new Map<string, string>();

/**
 * Control characters, and those that turn the direction of text or end a line unseen, as escapes: what a plugin says must not
 * write into a terminal. Tabs and newlines stay.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, escapeRun);
}

/** The same for text that must stay one line. */
export function escapeLine(text: string): string {
  return escapeControls(text).replaceAll("\n", "\\n");
}

/**
 * A copy of what was parsed with every text in it escaped. Its depth is known to be small.
 *
 * Without `__proto__`, an own member of what JSON.parse gives back: it would be the prototype of whatever it is copied to.
 */
export function escapeTexts(value: unknown): unknown {
  if (typeof value === "string") return escapeControls(value);
  if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(escapeTexts);
  const members = Object.entries(value).filter(([key]) => key !== "__proto__");
  return Object.fromEntries(members.map(([key, member]) => [escapeLine(key), escapeTexts(member)]));
}

function escapeRun(run: string): string {
  let escaped = "";
  for (const character of run) escaped += ESCAPES.get(character) ?? escapeOf(character);
  return escaped;
}

function escapeOf(character: string): string {
  const escaped = `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  ESCAPES.set(character, escaped);
  return escaped;
}
