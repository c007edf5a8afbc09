import { PluginError } from "../errors.js";
import type { ReceivedAttachments } from "../wire/attachments.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { INVOKE, type Message } from "../wire/messages.js";
import type { Lender } from "../wire/references/extract.js";
import { TooMany } from "./errors/too-many.js";
import type { Scope } from "./scope.js";
import type { StreamReader } from "./streams/stream-reader.js";
import type { StreamWriter } from "./streams/stream-writer.js";
import type { Streams } from "./streams/streams.js";

/** A function that we lent. */
export interface LentFunction {
  readonly label: string;
  readonly call: (...args: unknown[]) => unknown;
  /** It was called: the caller hears from the call. */
  onUse(): void;
}
type Invoke = (id: number, label: string, args: unknown[], signal: AbortSignal) => Promise<unknown>;

/** Functions and iterables lent for the length of one call, both ways. */
export class References {
  readonly #streams: Streams;
  readonly #options: { readonly limits: ResolvedLimits; readonly other: string };
  readonly #invoke: Invoke;
  readonly #lent = new Map<number, LentFunction>();
  #nextFunction = 0;
  #borrowed = 0;
  // One for all, since each call that borrows keeps them.
  readonly #giveBack = (): void => void this.#borrowed--;
  readonly #leave = (): void => this.#streams.leave();

  /** @param invoke Calls a function that the other side lent. */
  constructor(streams: Streams, options: { readonly limits: ResolvedLimits; readonly other: string }, invoke: Invoke) {
    this.#streams = streams;
    this.#options = options;
    this.#invoke = invoke;
  }

  /** Functions that are lent now. */
  get lent(): number {
    return this.#lent.size;
  }

  /** The lent function of that number, while its call lasts. */
  find(id: unknown): LentFunction | undefined {
    return this.#lent.get(id as number);
  }

  /** What a message is about, for sentences. */
  labelOf(message: Message): string {
    if (!("method" in message)) return "";
    const { method, params } = message;
    if (method !== INVOKE) return method;
    const input: unknown = Array.isArray(params) ? params[0] : params;
    return this.find((input as { function?: unknown } | null | undefined)?.function)?.label ?? method;
  }

  /** Lends what an input holds, until the scope ends. The lender throws TooMany where that may not be now. */
  lender(scope: Scope, method: string, onUse: () => void): Lender {
    return {
      lendFunction: (call) => {
        const { limits, other } = this.#options;
        if (this.#lent.size >= limits.maxLentFunctions) throw new TooMany("maxLentFunctions", limits, `functions are lent to ${other}`);
        const id = this.#nextFunction++;
        this.#lent.set(id, { label: callbackOf(method), call, onUse });
        scope.onEnd(() => this.#lent.delete(id));
        return id;
      },
      lendStream: (source) => {
        const refusal = this.#streams.writesRefused;
        if (refusal !== undefined) throw refusal;
        const writer: StreamWriter = this.#streams.write(streamOf(method), source);
        scope.onEnd(() => writer.stop());
        return writer.id;
      },
    };
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
    if (this.#borrowed >= limits.maxLentFunctions) throw new TooMany("maxLentFunctions", limits, `functions are borrowed from ${other}`);
    this.#borrowed++;
    scope.onEnd(this.#giveBack);
    const label = callbackOf(method);
    return (...args) => {
      const answer = scope.over ? Promise.reject(tooLate(`Cannot call "${label}"`)) : this.#invoke(id, label, args, scope.signal);
      // Whoever awaits it is told. Progress is often reported without, and a call that was given up must not end the process.
      answer.catch(() => {});
      return answer;
    };
  }

  #borrowStream(id: number, scope: Scope, method: string): AsyncIterable<unknown> | undefined {
    const refusal = this.#streams.enter();
    if (refusal !== undefined) throw refusal;
    // A place until the call is over, and not until the stream ends: what holds it is the call's.
    scope.onEnd(this.#leave);
    const label = streamOf(method);
    const reader: StreamReader | undefined = this.#streams.read(id, label, () => {});
    if (reader === undefined) return undefined;
    scope.onEnd((reason) => reader.abort(reason ?? tooLate(`Cannot read "${label}"`)));
    // Not the reader itself: a handler has no business with what arrives at it.
    return { [Symbol.asyncIterator]: () => iteratorOf(reader) };
  }
}

function callbackOf(method: string): string {
  return `callback of ${method}`;
}

function streamOf(method: string): string {
  return `stream to ${method}`;
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
