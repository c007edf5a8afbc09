import type { Member } from "../../contract/contract.js";
import type { AnyHandler } from "../../contract/implement.js";
import { type Schema, type Subject, validate } from "../../contract/schema.js";
import { isPluginError, ValidationError } from "../../errors.js";
import { isThenable } from "../../util/thenable.js";
import { decodeInput } from "../../wire/encode.js";
import { SchemaMismatch } from "../errors/schema-mismatch.js";
import type { RunningContext } from "./call-context.js";

/** A member that this side provides. The schemas are those to check with: none where this side does not validate. */
export interface Entry {
  /** The full name, as in `greeter.greet`. */
  readonly name: string;
  readonly kind: Member["kind"];
  /** The contract and its member; none for a function that was lent. */
  readonly contract?: string;
  readonly member?: string;
  readonly handler: AnyHandler;
  readonly input: Schema | undefined;
  readonly output: Schema | undefined;
}

/**
 * Runs a handler between the checks of its input and of its result. Returns the result, or a promise of it where anything on the
 * way is asynchronous.
 * @throws {SchemaMismatch} Or whatever the handler throws; the promise rejects with it likewise.
 */
export function runHandler(entry: Entry, params: unknown, context: RunningContext): unknown {
  // A list holds the one value; anything else is it.
  const input = Array.isArray(params) ? readInput(entry, params) : params;
  if (entry.input === undefined && entry.output === undefined) return entry.handler(input, context);
  if (entry.input === undefined) return checkResult(entry, entry.handler(input, context));
  const parsed = check(entry.input, input, { code: "INVALID_INPUT", name: entry.name, side: "provider" });
  if (!isThenable(parsed)) return checkResult(entry, entry.handler(parsed, context));
  return parsed.then((value) => {
    context.throwIfAborted(); // Cancelled while it was checked: no caller waits for what the handler would do.
    return checkResult(entry, entry.handler(value, context));
  });
}

function readInput(entry: Entry, params: unknown): unknown {
  try {
    return decodeInput(params);
  } catch (error) {
    const message = `Cannot run "${entry.name}": ${(error as Error).message}`;
    throw new SchemaMismatch(new ValidationError("INVALID_INPUT", message, [{ message }]));
  }
}

// The check alone counts here: a schema that transforms does so where the value is received.
function checkResult({ name, output }: Entry, value: unknown): unknown {
  if (output === undefined) return value;
  const subject: Subject = { code: "INVALID_OUTPUT", name, side: "provider" };
  const checked = (result: unknown): unknown => {
    const verdict = check(output, result, subject);
    return isThenable(verdict) ? verdict.then(() => result) : result;
  };
  return isThenable(value) ? Promise.resolve(value).then(checked) : checked(value);
}

/** As validate(), with a SchemaMismatch for what does not fit. */
export function check(schema: Schema, value: unknown, subject: Subject): unknown {
  let verdict: unknown;
  try {
    verdict = validate(schema, value, subject);
  } catch (error) {
    throw asSchemaMismatch(error, subject);
  }
  if (!isThenable(verdict)) return verdict;
  return Promise.resolve(verdict).catch((error: unknown) => {
    throw asSchemaMismatch(error, subject);
  });
}

function asSchemaMismatch(error: unknown, { code }: Subject): unknown {
  return isPluginError(error, code) ? new SchemaMismatch(error) : error;
}
