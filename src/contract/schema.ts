import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ValidationError } from "../errors.js";
import { isThenable } from "../util/thenable.js";

/** Any Standard Schema v1 validator (Zod, Valibot, ArkType, …). @see https://standardschema.dev */
export type Schema<In = any, Out = In> = StandardSchemaV1<In, Out>;
/** What goes into a schema: what a caller sends, or a handler returns. */
export type InputOf<S extends Schema> = StandardSchemaV1.InferInput<S>;
/** What a schema makes of it: what a handler, or a caller, is given. */
export type OutputOf<S extends Schema> = StandardSchemaV1.InferOutput<S>;

/** Which value is looked at, for the sentence: an input or an output, of which member, and who found it. */
export interface Subject {
  readonly code: "INVALID_INPUT" | "INVALID_OUTPUT";
  /** The full name, as in `greeter.greet`. */
  readonly name: string;
  readonly side: "caller" | "provider";
}

/**
 * Resolves with what the schema makes of a value: at once if the schema is synchronous, else as a promise.
 * @throws {ValidationError} With the schema's issues; the promise rejects with it if the schema is asynchronous.
 */
export function validate(schema: Schema, value: unknown, subject: Subject): unknown {
  const result = schema["~standard"].validate(value);
  return isThenable(result) ? Promise.resolve(result).then((settled) => accept(settled, subject)) : accept(result, subject);
}

function accept(result: StandardSchemaV1.Result<unknown>, subject: Subject): unknown {
  if (typeof result !== "object" || result === null) {
    const what = subject.code === "INVALID_INPUT" ? "input" : "output";
    throw new TypeError(
      `Cannot check the ${what} of "${subject.name}": its schema gave ${String(result)}, and must give { value } or { issues }`,
    );
  }
  if (result.issues === undefined) return result.value;
  throw new ValidationError(subject.code, describeIssues(result.issues, subject), result.issues);
}

/** The sentence for a set of issues: one line, then a line for each of the first five. */
export function describeIssues(issues: readonly StandardSchemaV1.Issue[], { code, name, side }: Subject): string {
  const what = code === "INVALID_INPUT" ? "input" : "output";
  const shown = issues.slice(0, 5).map((issue) => `\n  ${pathOf(issue)}${issue.message}`);
  const more = issues.length > shown.length ? `\n  and ${issues.length - shown.length} more` : "";
  return `Cannot call "${name}": the ${what} does not fit its schema, as the ${side} found${shown.join("")}${more}`;
}

function pathOf({ path }: StandardSchemaV1.Issue): string {
  if (path === undefined || path.length === 0) return "";
  return `${path.map((step) => String(typeof step === "object" ? step.key : step)).join(".")}: `;
}
