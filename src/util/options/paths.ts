import { fileURLToPath } from "node:url";
import { type OptionsSource, wrong } from "./source.js";

/** An option that is a directory, as a path or a `file:` URL: its path. @throws {TypeError} */
export function directory<F>(from: OptionsSource, name: string, fallback: F): string | F {
  const value = from.values[name];
  if (value === undefined) return fallback;
  const path = value instanceof URL ? pathOf(value) : value;
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return path;
  throw wrong(from, name, value, "a directory's path or file: URL");
}

function pathOf(url: URL): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined; // It has another scheme or a host, or a slash that is escaped.
  }
}
