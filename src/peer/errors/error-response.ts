import type { ValidationError } from "../../errors.js";
import type { WireError } from "../../wire/encode.js";
import { WireCode } from "../../wire/error-codes.js";
import { Refusal } from "./refusal.js";
import { MAX_ISSUES, toWireError } from "./remote-error.js";
import { SchemaMismatch } from "./schema-mismatch.js";

const MAX_ISSUE_TEXT = 512;

/** What a call or a stream that failed ends with: what did not fit its schema by its issues, and whatever else was thrown as it is. */
export function errorResponse(thrown: unknown): WireError {
  const refused = Refusal.wireOf(thrown);
  if (refused !== undefined) return refused;
  const mismatch = SchemaMismatch.errorOf(thrown);
  if (mismatch === undefined) return toWireError(thrown);
  const { code, message, issues } = mismatch;
  const wireCode = code === "INVALID_OUTPUT" ? WireCode.invalidOutput : WireCode.invalidInput;
  return { code: wireCode, message, data: { issues: issues.slice(0, MAX_ISSUES).map(plainIssue) } };
}

function plainIssue({ message, path }: ValidationError["issues"][number]): { message: string; path?: unknown[] } {
  const text = String(message).slice(0, MAX_ISSUE_TEXT);
  return path === undefined
    ? { message: text }
    : { message: text, path: path.map((step) => (typeof step === "object" ? step?.key : step)) };
}
