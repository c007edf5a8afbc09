import type { Subject } from "../../contract/schema.js";
import { ValidationError } from "../../errors.js";
import { isThenable } from "../../util/thenable.js";
import { SchemaMismatch } from "../errors/schema-mismatch.js";
import type { RunningContext } from "../handlers/call-context.js";
import { check, type Entry, runHandler } from "../handlers/handler.js";

/**
 * Runs a stream's handler, and gives the source of its items, each of them checked as it is yielded.
 * @throws {SchemaMismatch} Or whatever the handler throws, as a rejection.
 */
export async function openSource(entry: Entry, params: unknown, context: RunningContext): Promise<AsyncIterable<unknown>> {
  // The output schema is an item's, not the result's.
  const source = await runHandler({ ...entry, output: undefined }, params, context);
  if (!isAsyncIterable(source)) {
    const message = `Cannot answer "${entry.name}": its handler gave no async iterable\n  Make it an async generator: async *${memberOf(entry.name)}() { … }`;
    throw new SchemaMismatch(new ValidationError("INVALID_OUTPUT", message, [{ message: "it is no async iterable" }]));
  }
  return entry.output === undefined ? source : checked(source, entry);
}

/** Closes a source that nobody has begun to read. Never rejects. */
export async function closeUnread(source: AsyncIterable<unknown>): Promise<void> {
  try {
    await source[Symbol.asyncIterator]().return?.();
  } catch {
    // It failed while it was closed, and nobody waits for it.
  }
}

/** Closes a source that was being read. Never rejects. */
export async function closeIterator(iterator: AsyncIterator<unknown> | undefined): Promise<void> {
  try {
    await iterator?.return?.();
  } catch {
    // As above.
  }
}

// The check alone counts here: a schema that transforms does so where the item is received. No generator: that would keep
// return() from a source which waits for its next item, and which return() ends.
function checked(source: AsyncIterable<unknown>, { name, output }: Entry): AsyncIterable<unknown> {
  const subject: Subject = { code: "INVALID_OUTPUT", name, side: "provider" };
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      return {
        async next() {
          const step = await iterator.next();
          if (step.done === true || output === undefined) return step;
          const verdict = check(output, step.value, subject);
          if (isThenable(verdict)) await verdict;
          return step;
        },
        async return() {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function"
  );
}

function memberOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
