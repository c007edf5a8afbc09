import { PluginError } from "../errors.js";
import type { ArrivedCargo } from "../wire/cargo.js";
import type { Lender } from "../wire/references.js";
import type { StreamReader } from "./stream-reader.js";
import type { StreamWriter } from "./stream-writer.js";
import type { Streams } from "./streams.js";

/** What one call has lent or borrowed. It ends with the call, on both sides. */
export class Scope {
  /** What goes back when the call is over. */
  readonly #releases: ((reason: unknown) => void)[] = [];
  #controller: AbortController | undefined;
  #over = false;

  /** True once the call is over. */
  get over(): boolean {
    return this.#over;
  }

  /** Aborts where the call is given up. It does not where the call has its answer: what it began is finished. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** @param release Gets the reason where the call was given up. */
  onEnd(release: (reason: unknown) => void): void {
    if (this.#over) release(undefined);
    else this.#releases.push(release);
  }

  /** @param reason Why the call was given up; none where it has its answer. */
  end(reason?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    for (const release of this.#releases.splice(0)) release(reason);
    if (reason !== undefined) this.#controller?.abort(reason);
  }
}

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
  readonly #invoke: Invoke;
  readonly #lent = new Map<number, LentFunction>();
  #nextFunction = 0;

  /** @param invoke Calls a function that the other side lent. */
  constructor(streams: Streams, invoke: Invoke) {
    this.#streams = streams;
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

  /** Lends what an input holds, until the scope ends. */
  lender(scope: Scope, method: string, onUse: () => void): Lender {
    return {
      lendFunction: (call) => {
        const id = this.#nextFunction++;
        this.#lent.set(id, { label: callbackOf(method), call, onUse });
        scope.onEnd(() => this.#lent.delete(id));
        return id;
      },
      lendStream: (source) => {
        const writer: StreamWriter = this.#streams.write(streamOf(method), source);
        scope.onEnd(() => writer.stop());
        return writer.id;
      },
    };
  }

  /** Makes what a ref of the other side stands for, until the scope ends. Undefined if it is of no known form. */
  borrow(ref: Readonly<Record<string, unknown>>, scope: Scope, method: string, cargo: ArrivedCargo): unknown {
    if ("bytes" in ref) return cargo.bytes(ref["bytes"]);
    if ("text" in ref) return cargo.text(ref["text"]);
    if (isNumber(ref["function"])) return this.#borrowFunction(ref["function"], scope, method);
    if (isNumber(ref["stream"])) return this.#borrowStream(ref["stream"], scope, method);
    return undefined;
  }

  #borrowFunction(id: number, scope: Scope, method: string): (...args: unknown[]) => Promise<unknown> {
    const label = callbackOf(method);
    return (...args) => {
      const answer = scope.over ? Promise.reject(tooLate(`Cannot call "${label}"`)) : this.#invoke(id, label, args, scope.signal);
      // Whoever awaits it is told. Progress is often reported without, and a call that was given up must not end the process.
      answer.catch(() => {});
      return answer;
    };
  }

  #borrowStream(id: number, scope: Scope, method: string): AsyncIterable<unknown> | undefined {
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
