import type { Dispenser } from "../../contract/context.js";
import type { CallOptions } from "../../contract/views.js";
import { PluginError } from "../../errors.js";
import { fromWireError, toWireError } from "../../peer/errors/remote-error.js";
import { isAnswer, notAnswered, type TopicEntry, topicContext } from "../../peer/topics/topic-handlers.js";
import { abortable } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { nextTick } from "../../util/timers.js";
import { within } from "../../util/within.js";
import type { BusEvent } from "./bus-event.js";
import type { Ask, BusMember } from "./member.js";
import { HOST_ID } from "./topic-bus.js";

export interface LocalOptions {
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  /** What a handler's context calls back: this program itself. */
  readonly peer: Dispenser;
  onListenerFailed(event: BusEvent, error: unknown): void;
}

/** One handler in this program, of one topic. Many of them may be there for one. */
export class LocalMember implements BusMember {
  readonly id: string = HOST_ID;
  readonly order = -1;
  readonly hookOrder = 0;
  readonly #entry: TopicEntry;
  readonly #options: LocalOptions;

  constructor(entry: TopicEntry, options: LocalOptions) {
    this.#entry = entry;
    this.#options = options;
  }

  has(kind: "events" | "actions" | "hooks", topic: string): boolean {
    return `${this.#entry.kind}s` === kind && this.#entry.name === topic;
  }

  // Not in the emitter's turn: what a listener throws or how long it takes is no matter of the emitter's.
  deliver(event: BusEvent): boolean {
    const { id, source, timeMs } = event.message;
    nextTick(() => {
      const context = topicContext(this.#context(new AbortController().signal), { topic: event.topic, id, source, timeMs });
      Promise.resolve()
        .then(() => this.#entry.run(event.payload(), context))
        .catch((error: unknown) => this.#options.onListenerFailed(event, error));
    });
    return true;
  }

  // Nothing is null, as it is on the wire.
  async run(ask: Ask, options: CallOptions): Promise<unknown> {
    return (await this.#run(ask, options)) ?? null;
  }

  pipe(ask: Ask, options: CallOptions): Promise<unknown> {
    return this.#run(ask, options);
  }

  // As a plugin would be asked: with a copy, within the call's time, and until it is given up.
  async #run(ask: Ask, { signal, timeoutMs = this.#options.callTimeoutMs }: CallOptions): Promise<unknown> {
    const { topic, value } = ask;
    if (this.#entry.name !== topic) throw notAnswered(topic);
    const abort = new AbortController();
    const onAbort = (): void => abort.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const late = (): PluginError =>
      new PluginError("CALL_TIMEOUT", `Gave up the call of "${topic}": this program did not answer in ${timeoutMs} ms`);
    try {
      const work = this.#entry.run(copy(value), topicContext(this.#context(abort.signal), ask)).catch((error: unknown) => {
        throw isAnswer(error, topic) ? error : fromWireError(toWireError(error), topic, { other: "this program", plugin: undefined });
      });
      const bounded = timeoutMs === Number.POSITIVE_INFINITY ? work : within(work, timeoutMs, this.#options.clock, late);
      return copy(await (signal === undefined ? bounded : abortable(bounded, signal)));
    } catch (error) {
      abort.abort(error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #context(signal: AbortSignal) {
    return { signal, peer: this.#options.peer, plugin: undefined };
  }
}

// What cannot be cloned, as a function, is lent as it is.
function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}
