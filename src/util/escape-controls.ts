/**
 * Control characters, and those that turn the direction of text or end a line unseen, as escapes: what a plugin says must not
 * write into a terminal. Tabs and newlines stay.
 */
export function escapeControls(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The same for text that must stay one line. */
export function escapeLine(text: string): string {
  return escapeControls(text).replaceAll("\n", "\\n");
}
