import { fileURLToPath } from "node:url";
import { type OptionsSource, wrong } from "./source.js";
import { isUrl } from "./urls.js";

/** An option that is a directory, as a path or a `file:` URL: its path. @throws {TypeError} */
export function directory<F>(from: OptionsSource, name: string, fallback: F): string | F {
  const value = from.values[name];
  if (value === undefined) return fallback;
  const path = pathOf(value);
  if (path !== undefined && path !== "" && !path.includes("\0")) return path;
  throw wrong(from, name, value, "a directory's path or file: URL");
}

/** The path that a text or a `file:` URL is; such a URL may be a text, too, as `import.meta.resolve()` gives it. Undefined if it is neither. */
export function pathOf(value: unknown): string | undefined {
  if (typeof value === "string") return /^file:\/\//i.test(value) ? pathOfUrl(value) : value;
  return isUrl(value) ? pathOfUrl(value.href) : undefined;
}

function pathOfUrl(href: string): string | undefined {
  try {
    return fileURLToPath(href);
  } catch {
    return undefined; // It has another scheme or a host, or a slash that is escaped.
  }
}
