import { PluginError, ValidationError } from "../../errors.js";
import type { Flaw } from "../errors/unsendable.js";
import type { WriteFault } from "../errors/write-error.js";

/** The error of a call or notification whose message cannot be written. @param label Its name in sentences. */
export function unwrittenCall(label: string, fault: WriteFault): PluginError {
  switch (fault.kind) {
    case "unsendable":
      return inputError(label, fault.flaw, fault.cause);
    case "too-deep":
      return inputError(label, { message: `it is nested deeper than ${fault.levels} levels` });
    case "too-long":
      return new PluginError("LIMIT_EXCEEDED", `Cannot call "${label}": ${fault.why}`);
    case "too-many":
      return new PluginError("BUSY", `Cannot call "${label}": ${fault.why}`);
  }
}

function inputError(label: string, flaw: Flaw, cause?: unknown): ValidationError {
  const options = cause === undefined ? undefined : { cause };
  return new ValidationError("INVALID_INPUT", `Cannot call "${label}": its input cannot be sent (${flaw.message})`, [flaw], options);
}
