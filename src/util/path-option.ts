import { fileURLToPath } from "node:url";

/** The path that an option holds, as a text or a `file:` URL; undefined where it holds neither, or none that a system could be given. */
export function readPath(value: unknown): string | undefined {
  const path = value instanceof URL ? pathOf(value) : value;
  return typeof path === "string" && !path.includes("\0") ? path : undefined;
}

function pathOf(url: URL): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined; // It has another scheme or a host, or a slash that is escaped.
  }
}
