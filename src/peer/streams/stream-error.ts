import { PluginError, ValidationError } from "../../errors.js";
import type { WireError } from "../../wire/encode.js";
import { WireCode } from "../../wire/error-codes.js";
import { errorResponse } from "../errors/error-response.js";
import { SchemaMismatch } from "../errors/schema-mismatch.js";
import type { Flaw } from "../errors/unsendable.js";
import { WriteError, type WriteFault } from "../errors/write-error.js";

/** What a stream ends with whose source failed: as it goes over the wire, and as it is logged here. */
export function streamError(thrown: unknown, name: string): { readonly wire: WireError; readonly error: unknown } {
  const fault = WriteError.faultOf(thrown);
  if (fault === undefined) return { wire: errorResponse(thrown), error: SchemaMismatch.errorOf(thrown) ?? thrown };
  const error = unwrittenItem(name, fault);
  if (error instanceof ValidationError) return { wire: errorResponse(new SchemaMismatch(error)), error };
  return { wire: { code: WireCode.tooLarge, message: error.message }, error };
}

/** The error of an item whose message cannot be written. */
function unwrittenItem(name: string, fault: WriteFault): PluginError {
  const sentence = (what: string): string => `Cannot send an item of "${name}": ${what}`;
  if (fault.kind === "too-long" || fault.kind === "too-many") return new PluginError("LIMIT_EXCEEDED", sentence(fault.why));
  const flaw: Flaw =
    fault.kind === "unsendable"
      ? fault.flaw
      : { message: `it is nested deeper than ${fault.levels} levels (limits.maxDepth, less those around it)` };
  const cause = fault.kind === "unsendable" ? fault.cause : undefined;
  return new ValidationError("INVALID_OUTPUT", sentence(flaw.message), [flaw], cause === undefined ? undefined : { cause });
}
