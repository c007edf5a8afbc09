import { nested, type OptionsSource, option, REQUIRED } from "./source.js";

const WANTED = "a text or a Buffer in PEM, or a list of them";

/**
 * An option with certificates of the user's own. What else is in it is Node.js's to read.
 * @param wanted What the option must be, for the sentence.
 * @param needed What must be given: `key`, `cert`, or the authorities in `ca`.
 * @throws {TypeError}
 */
export function certificates<T extends object>(
  from: OptionsSource,
  name: string,
  wanted: string,
  needed: readonly ("key" | "cert" | "ca")[],
): T {
  const at = nested(from, name, undefined, wanted);
  for (const part of needed) option(at, part, REQUIRED, isPem, WANTED);
  // One that is empty would have Node.js take the authorities that sign for the whole world.
  option(at, "ca", undefined, isPem, WANTED);
  return { ...at.values } as T;
}

function isPem(value: unknown): value is string | Uint8Array | readonly (string | Uint8Array)[] {
  if (Array.isArray(value)) return value.length > 0 && value.every(isContent);
  return isContent(value);
}

function isContent(value: unknown): value is string | Uint8Array {
  return (typeof value === "string" || value instanceof Uint8Array) && value.length > 0;
}
