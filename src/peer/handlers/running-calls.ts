import type { PluginError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import type { Id, Meta } from "../../wire/messages.js";
import { Rest } from "../rest.js";
import type { RunningContext } from "./call-context.js";
import { ResponseDeadlines } from "./response-deadlines.js";

/** A call goes by the id of its request; a notification has none, an open stream has it no longer, and each is its own key. */
type Key = Id | RunningContext;

/** The calls that run here, each until it leaves: answered, cancelled, or with the connection. */
export class RunningCalls {
  readonly #contexts = new Map<Key, RunningContext>();
  /** Streams whose reading has ended, and whose sources are not closed yet. A number: one that never closes holds nothing here. */
  #closing = 0;
  /** What the messages of all of them had, in bytes. */
  heldBytes = 0;
  readonly #deadlines: ResponseDeadlines;
  readonly #rest: Rest;

  constructor(clock: Clock) {
    this.#rest = new Rest(clock);
    this.#deadlines = new ResponseDeadlines(clock);
  }

  get size(): number {
    return this.#contexts.size;
  }

  /** What runs, and what is being closed. */
  get unfinished(): number {
    return this.#contexts.size + this.#closing;
  }

  has(id: Id): boolean {
    return this.#contexts.has(id);
  }

  get(key: Key): RunningContext | undefined {
    return this.#contexts.get(key);
  }

  enter(key: Key, context: RunningContext): void {
    this.#contexts.set(key, context);
    this.heldBytes += context.heldBytes;
  }

  /** @param onPassed Gets the sentence's end that says why the call is over. */
  limit(context: RunningContext, meta: Meta, onPassed: (why: string) => void): void {
    this.#deadlines.set(context, meta, onPassed);
  }

  /** The request is answered, and another may have its id; what runs on is known by its context. */
  outlast(id: Id, context: RunningContext): void {
    this.#contexts.delete(id);
    this.#contexts.set(context, context);
    this.#deadlines.clear(context);
  }

  /** False for a call that has left before: it was cancelled, or the connection is gone; another may have its id by now. */
  leave(key: Key, context: RunningContext): boolean {
    if (this.#contexts.get(key) !== context) return false;
    this.#contexts.delete(key);
    this.heldBytes -= context.heldBytes;
    context.scope?.end();
    this.#deadlines.clear(context);
    return true;
  }

  /** As leave(), but a drain waits for closed() all the same. */
  beginClosing(context: RunningContext): boolean {
    const left = this.leave(context, context);
    if (left) this.#closing++;
    return left;
  }

  closed(): void {
    this.#closing--;
    this.left();
  }

  /** After the answer of a call that left. */
  left(): void {
    if (this.#rest.isAwaited && this.unfinished === 0) this.#rest.tell();
  }

  /** All leave: the connection is gone, and no answer can be sent. */
  abortAll(reason: PluginError): void {
    const all = [...this.#contexts.values()];
    this.#contexts.clear();
    this.heldBytes = 0;
    this.#deadlines.clearAll();
    for (const context of all) {
      context.scope?.end(reason);
      context.abort(reason);
    }
    this.#rest.tell();
  }

  /** Resolves once nothing runs, or after `graceMs`. */
  untilIdle(graceMs: number): Promise<void> {
    return this.unfinished === 0 ? Promise.resolve() : this.#rest.wait(graceMs);
  }
}
