import { PluginError } from "../../errors.js";
import type { ReceivedAttachments } from "../../wire/attachments.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import { TooMany } from "../errors/too-many.js";
import type { StreamReader } from "../streams/stream-reader.js";
import type { StreamReaders } from "../streams/stream-readers.js";
import { callbackOf, streamOf } from "./labels.js";
import type { Scope } from "./scope.js";

/** Calls a function that the other side lent. */
export type Invoke = (id: number, label: string, args: unknown[], signal: AbortSignal) => Promise<unknown>;

/** Functions and iterables that the other side lends, each for the length of one call. */
export class Borrowing {
  readonly #readers: StreamReaders;
  readonly #options: { readonly limits: ResolvedLimits; readonly other: string };
  readonly #invoke: Invoke;
  #functions = 0;
  // One for all, since each call that borrows keeps them.
  readonly #giveBack = (): void => void this.#functions--;
  readonly #leave = (): void => this.#readers.leave();

  constructor(readers: StreamReaders, options: { readonly limits: ResolvedLimits; readonly other: string }, invoke: Invoke) {
    this.#readers = readers;
    this.#options = options;
    this.#invoke = invoke;
  }

  /**
   * Makes what a ref of the other side stands for, until the scope ends. Undefined if it is of no known form.
   * @throws {TooMany} There may be no more of that now.
   */
  borrow(ref: Readonly<Record<string, unknown>>, scope: Scope, method: string, attachments: ReceivedAttachments): unknown {
    if ("bytes" in ref) return attachments.bytes(ref["bytes"]);
    if ("text" in ref) return attachments.text(ref["text"]);
    if (isNumber(ref["function"])) return this.#borrowFunction(ref["function"], scope, method);
    if (isNumber(ref["stream"])) return this.#borrowStream(ref["stream"], scope, method);
    return undefined;
  }

  #borrowFunction(id: number, scope: Scope, method: string): (...args: unknown[]) => Promise<unknown> {
    const { limits, other } = this.#options;
    if (this.#functions >= limits.maxLentFunctions) throw new TooMany("maxLentFunctions", limits, `functions are borrowed from ${other}`);
    this.#functions++;
    scope.onEnd(this.#giveBack);
    const label = callbackOf(method);
    return (...args) => {
      const answer = scope.over ? Promise.reject(tooLate(`Cannot call "${label}"`)) : this.#invoke(id, label, args, scope.signal);
      // A handler that awaits it is told. Progress is often reported without, and a call that was given up must not end the process.
      answer.catch(() => {});
      return answer;
    };
  }

  #borrowStream(id: number, scope: Scope, method: string): AsyncIterable<unknown> | undefined {
    const refusal = this.#readers.enter();
    if (refusal !== undefined) throw refusal;
    // A place until the call is over, and not until the stream ends: what holds it is the call's.
    scope.onEnd(this.#leave);
    const label = streamOf(method);
    const reader: StreamReader | undefined = this.#readers.read(id, label, () => {});
    if (reader === undefined) return undefined;
    scope.onEnd((reason) => reader.abort(reason ?? tooLate(`Cannot read "${label}"`)));
    // Not the reader itself: a handler has no business with what arrives at it.
    return { [Symbol.asyncIterator]: () => iteratorOf(reader) };
  }
}

function iteratorOf(reader: StreamReader): AsyncIterator<unknown> {
  return { next: () => reader.next(), return: () => reader.return() };
}

function tooLate(what: string): PluginError {
  return new PluginError(
    "NOT_SENT",
    `${what}: the call that lent it is over, and it lasts no longer\n  Await all use of it before the handler returns.`,
  );
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
