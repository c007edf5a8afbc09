import { ManifestError } from "../../errors.js";
import { isWithinDepth } from "../../util/depth.js";
import { checkManifest } from "./check-manifest.js";
import { compileSchema, type Issue, type Validator } from "./json-validator.js";
import { MANIFEST_FILE, type Manifest } from "./manifest.js";
import { MANIFEST_SCHEMA } from "./manifest-schema.js";

const MAX_BYTES = 256 * 1_024;
const MAX_DEPTH = 32;
let validator: Promise<Validator> | undefined;

/**
 * Reads a manifest, and finds all its faults at once.
 * @param bytes The file, as UTF-8; a byte order mark is taken.
 * @param attempt What was attempted, as the beginning of a sentence.
 * @throws {ManifestError} `BAD_MANIFEST`, with each fault and its JSON pointer.
 */
export async function parseManifest(bytes: Uint8Array, attempt: string): Promise<Manifest> {
  const value = parseJson(bytes, attempt);
  validator ??= compileSchema(MANIFEST_SCHEMA, { isOurs: true });
  const issues = (await validator)(value);
  if (issues.length > 0) throw manifestError(attempt, issues);
  const manifest = value as Manifest & { readonly $schema?: string };
  const further = await checkManifest(manifest);
  if (further.length > 0) throw manifestError(attempt, further);
  const { $schema: _, ...rest } = manifest;
  return Object.freeze(rest);
}

/** The error for faults of a manifest. */
export function manifestError(attempt: string, issues: readonly Issue[]): ManifestError {
  const shown = issues.slice(0, 50).map(({ pointer, message }) => `\n  ${pointer === "" ? "The whole" : pointer} ${message}`);
  const more = issues.length > 50 ? [`\n  and ${issues.length - 50} more`] : [];
  return new ManifestError(`${attempt}: its ${MANIFEST_FILE} cannot be used${[...shown, ...more].join("")}`, issues);
}

function parseJson(bytes: Uint8Array, attempt: string): unknown {
  const whole = (message: string): ManifestError => manifestError(attempt, [{ pointer: "", message }]);
  if (bytes.byteLength > MAX_BYTES) throw whole(`has ${bytes.byteLength} bytes, and at most ${MAX_BYTES} are taken`);
  const text = decode(bytes);
  if (text === undefined) throw whole("is no UTF-8");
  if (!isWithinDepth(text, 0, text.length, MAX_DEPTH)) throw whole(`is nested deeper than ${MAX_DEPTH} levels`);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw whole(`is no JSON: ${(error as Error).message}`);
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
