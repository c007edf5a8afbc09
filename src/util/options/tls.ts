import type { SecureContextOptions } from "node:tls";
import { nested, type OptionsSource, optional, required } from "./source.js";

/** What each part must be. Where `ca` names no authority, Node.js would take those that sign for the whole world. */
const WANTED = {
  ca: "the authorities that sign the other side's certificate: a text or a Buffer in PEM, or a list of them",
  cert: "a certificate, as a text or a Buffer",
  key: "the certificate's key, as a text or a Buffer",
} as const;

/**
 * An option with certificates of the user's own. What else is in it is Node.js's to read.
 * @param wanted What the option must be, for the sentence.
 * @param needed Of `ca`, `cert` and `key` those that must be given.
 * @throws {TypeError}
 */
export function certificates(
  from: OptionsSource,
  name: string,
  wanted: string,
  needed: readonly (keyof typeof WANTED)[],
): SecureContextOptions {
  const at = nested(from, name, undefined, wanted);
  for (const part of needed) required(at, part, part === "ca" ? isContentOrList : isContent, WANTED[part]);
  optional(at, "ca", undefined, isContentOrList, WANTED.ca);
  return { ...at.values };
}

function isContent(value: unknown): value is string | Uint8Array {
  return (typeof value === "string" || value instanceof Uint8Array) && value.length > 0;
}

function isContentOrList(value: unknown): value is string | Uint8Array | readonly (string | Uint8Array)[] {
  return Array.isArray(value) ? value.length > 0 && value.every(isContent) : isContent(value);
}
