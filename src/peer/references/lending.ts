import { inThisContext } from "../../util/neutral.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import { INVOKE, type Message } from "../../wire/messages.js";
import type { Lender } from "../../wire/references/extract.js";
import { TooMany } from "../errors/too-many.js";
import type { StreamWriters } from "../streams/stream-writers.js";
import { callbackOf, streamOf } from "./labels.js";
import type { Scope } from "./scope.js";

/** A function that we lent. */
export interface LentFunction {
  readonly label: string;
  readonly call: (...args: unknown[]) => unknown;
  /** Runs something in the asynchronous context of who lent it. */
  enter(run: () => void): void;
  /** It was called: the caller hears from the call. */
  onUse(): void;
}

/** Functions and iterables that this side lends, each for the length of one call. */
export class Lending {
  readonly #writers: StreamWriters;
  readonly #options: { readonly limits: ResolvedLimits; readonly other: string };
  readonly #lent = new Map<number, LentFunction>();
  #nextFunction = 0;

  constructor(writers: StreamWriters, options: { readonly limits: ResolvedLimits; readonly other: string }) {
    this.#writers = writers;
    this.#options = options;
  }

  /** Functions that are lent now. */
  get count(): number {
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
        // As who lends it, whoever calls it: a callback belongs to the call that it was given with.
        this.#lent.set(id, { label: callbackOf(method), call, onUse, enter: inThisContext((run) => run()) });
        scope.onEnd(() => this.#lent.delete(id));
        return id;
      },
      lendStream: (source) => {
        const { refusal } = this.#writers;
        if (refusal !== undefined) throw refusal;
        const writer = this.#writers.write(streamOf(method), source);
        scope.onEnd(() => writer.stop());
        return writer.id;
      },
    };
  }
}
