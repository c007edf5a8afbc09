import { PluginError } from "../../errors.js";

/** The error for an archive that is not taken. @param why The end of a sentence. */
export function badArchive(attempt: string, why: string, cause?: unknown): PluginError {
  return new PluginError("BAD_ARCHIVE", `${attempt}: ${why}`, cause === undefined ? undefined : { cause });
}

/** A path in a sentence: what is not shown is escaped, and what is long is cut. */
export function shownPath(path: string): string {
  const text = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  // JSON escapes controls; what turns the direction of a text, it does not.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
