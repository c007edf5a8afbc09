import { type Channel, channel } from "node:diagnostics_channel";
import type { Member } from "../contract/contract.js";
import type { Clock } from "../util/clock.js";
import { processCounter } from "../util/process-wide.js";
import { isThenable } from "../util/thenable.js";
import { SchemaMismatch } from "./errors/schema-mismatch.js";

/**
 * What is published on the `diagnostics_channel` named `mortise:call`: each call begins with a `start`, and comes to one `end` or
 * one `error`, on the side that makes it and on the side that runs it.
 */
export interface CallEvent {
  /** Which of a call's two events it is. */
  readonly phase: "start" | "end" | "error";
  /** Who publishes: the side that calls, or the side whose handler runs. Both, where both are in one process. */
  readonly side: "caller" | "handler";
  /** The same number in each event of one call on one side. No two calls of a process share one. */
  readonly call: number;
  /** The contract's name; of a call by name what stands before its last dot. */
  readonly contract: string;
  /** The member's name; of a call by name what stands after its last dot. */
  readonly member: string;
  /** The member's kind; a call by name is taken for a method. */
  readonly kind: Member["kind"];
  /** The plugin that the connection is to: its command, or its file's name on its own side. */
  readonly plugin: string;
  /** Since the start, in milliseconds; of an `end` and of an `error`. */
  readonly durationMs?: number;
  /** What the call failed with; of an `error`. */
  readonly error?: unknown;
}

/** A call as it is, before it begins. */
export interface CallSubject extends Pick<CallEvent, "side" | "contract" | "member" | "kind" | "plugin"> {
  readonly clock: Clock;
}

/** Looked at once for each call: without a subscriber nothing else is done. */
export const calls: Channel<unknown, unknown> = channel("mortise:call");

const nextCall = processCounter("call/1");

/** One call that somebody watches. */
export class Observation {
  readonly #subject: Omit<CallEvent, "phase">;
  readonly #clock: Clock;
  #begunAt: number | undefined;
  #over = false;

  constructor({ side, contract, member, kind, plugin, clock }: CallSubject) {
    this.#subject = { side, call: nextCall(), contract, member, kind, plugin };
    this.#clock = clock;
  }

  /** Publishes the start, and runs what begins with it, in the stores that are bound to the channel. A second time it only runs. */
  begin<T>(run: () => T): T {
    if (this.#begunAt !== undefined) return run();
    this.#begunAt = this.#clock.now();
    const event: CallEvent = { phase: "start", ...this.#subject };
    return calls.runStores(event, run);
  }

  /** Runs a call from its start to its end: what it returns, or what that comes to. */
  run<T>(run: () => T): T {
    let value: T;
    try {
      value = this.begin(run);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    if (!isThenable(value)) {
      this.end();
      return value;
    }
    // One that works when its then() is called must not be made to work twice.
    const promise = Promise.resolve(value);
    promise.then(
      () => this.end(),
      (error: unknown) => this.fail(error),
    );
    return promise as T;
  }

  end(): void {
    this.#publish("end", {});
  }

  fail(error: unknown): void {
    // What did not fit is told apart from what was thrown until it is answered; who watches gets the error itself.
    this.#publish("error", { error: SchemaMismatch.errorOf(error) ?? error });
  }

  #publish(phase: CallEvent["phase"], outcome: { readonly error?: unknown }): void {
    if (this.#over || this.#begunAt === undefined) return;
    this.#over = true;
    const event: CallEvent = { phase, ...this.#subject, durationMs: this.#clock.now() - this.#begunAt, ...outcome };
    calls.publish(event);
  }
}

/** A stream that somebody watches: its call begins when it is first read, and ends when there is nothing more to read. */
export class ObservedStream implements AsyncIterableIterator<unknown> {
  readonly #observation: Observation;
  readonly #iterator: AsyncIterator<unknown>;

  constructor(observation: Observation, iterator: AsyncIterator<unknown>) {
    this.#observation = observation;
    this.#iterator = iterator;
  }

  async next(): Promise<IteratorResult<unknown>> {
    try {
      const step = await this.#observation.begin(() => this.#iterator.next());
      if (step.done === true) this.#observation.end();
      return step;
    } catch (error) {
      this.#observation.fail(error);
      throw error;
    }
  }

  async return(): Promise<IteratorResult<unknown>> {
    try {
      return (await this.#iterator.return?.()) ?? { done: true, value: undefined };
    } finally {
      this.#observation.end();
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
