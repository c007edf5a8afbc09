import { type PluginError, ValidationError } from "../../errors.js";
import type { WireError } from "../../wire/encode.js";
import { WireCode } from "../../wire/error-codes.js";
import { errorResponse } from "../errors/error-response.js";
import { SchemaMismatch } from "../errors/schema-mismatch.js";

/** An item that cannot be sent. What that is to people is said once the stream's name is known. */
export class StreamFault {
  readonly #errorOf: (name: string) => PluginError;

  constructor(errorOf: (name: string) => PluginError) {
    this.#errorOf = errorOf;
  }

  /** The fault's error, if that is one. Unlike `instanceof`, it can be asked of a proxy that throws at every look. */
  static errorOf(thrown: unknown, name: string): PluginError | undefined {
    return typeof thrown === "object" && thrown !== null && #errorOf in thrown ? thrown.#errorOf(name) : undefined;
  }
}

/** What a stream ends with whose source failed: as it goes over the wire, and as it is logged here. */
export function streamError(thrown: unknown, name: string): { readonly wire: WireError; readonly error: unknown } {
  const error = StreamFault.errorOf(thrown, name);
  if (error === undefined) return { wire: errorResponse(thrown), error: SchemaMismatch.errorOf(thrown) ?? thrown };
  if (error instanceof ValidationError) return { wire: errorResponse(new SchemaMismatch(error)), error };
  return { wire: { code: WireCode.tooLarge, message: error.message }, error };
}
