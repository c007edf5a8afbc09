import { NAME_PATTERN, NAME_RULE } from "../contract/contract.js";
import type { ImplementationRecord } from "../contract/implement.js";
import type { Dispenser } from "../contract/views.js";
import { PluginError } from "../errors.js";
import type { Clock } from "../util/clock.js";
import type { Logger } from "../util/logger.js";
import { isThenable } from "../util/thenable.js";
import type { Carrier } from "../wire/cargo.js";
import { WireCode } from "../wire/error-codes.js";
import type { ResolvedLimits } from "../wire/limits.js";
import type { Id, Meta } from "../wire/messages.js";
import { AnswerDeadlines } from "./answer-deadlines.js";
import { Answers } from "./answers.js";
import { RunningContext } from "./call-context.js";
import { calls, Observation, ObservedStream } from "./call-events.js";
import { type Entry, runHandler } from "./handler.js";
import type { Scope } from "./references.js";
import { closeUnread, openSource } from "./stream-source.js";
import type { Streams } from "./streams.js";
import type { Tracing } from "./tracing.js";

/** What the dispatcher needs of the peer that it works for. */
export interface Surroundings {
  readonly dispenser: Dispenser;
  /** Sends one answer. */
  send(message: string, bytes?: readonly Uint8Array[]): void;
  /** What may go beside the JSON. */
  readonly carrier: Carrier;
  /** Bytes that the system has not taken. */
  unsentBytes(): number;
  readonly streams: Pick<Streams, "write" | "writesRefused">;
}
export interface DispatcherOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly validate: boolean;
  readonly other: string;
  readonly plugin?: string;
  readonly tracing?: Tracing | undefined;
}

/** Calls we received: find, run, answer, cancel. Each request is answered once. */
export class Dispatcher {
  // A Map, so that a remote name never reaches a prototype.
  readonly #entries = new Map<string, Entry>();
  /** What runs, by the id of its request; a notification has none, and is its own key. */
  readonly #running = new Map<Id | RunningContext, RunningContext>();
  /** Streams that nobody reads any more, and whose sources are not closed yet. A number: one that never closes holds nothing here. */
  #closing = 0;
  readonly #deadlines: AnswerDeadlines;
  readonly #surroundings: Surroundings;
  readonly #options: DispatcherOptions;
  readonly #answers: Answers;
  readonly #idle: (() => void)[] = [];
  #inactive: "starting" | "stopping" | undefined = "starting";

  constructor(surroundings: Surroundings, options: DispatcherOptions) {
    this.#surroundings = surroundings;
    this.#options = options;
    this.#deadlines = new AnswerDeadlines(options.clock);
    this.#answers = new Answers((message, bytes) => surroundings.send(message, bytes), surroundings.carrier, options);
  }

  /** How many calls were answered with an error. */
  get errors(): number {
    return this.#answers.errors;
  }

  /** What runs, and what is being closed. */
  get running(): number {
    return this.#running.size + this.#closing;
  }

  isRunning(id: Id): boolean {
    return this.#running.has(id);
  }

  provide(implementations: readonly ImplementationRecord[]): void {
    for (const { name: contractName, contract, handlers } of implementations) {
      for (const [memberName, handler] of handlers) {
        const member = Object.hasOwn(contract.members, memberName) ? contract.members[memberName] : undefined;
        if (member === undefined) continue;
        const name = `${contractName}.${memberName}`;
        const { input, output } = this.#options.validate ? (member as Partial<Entry>) : {};
        this.#entries.set(name, { name, kind: member.kind, contract: contractName, member: memberName, handler, input, output });
      }
    }
  }

  /** Takes calls from now on. */
  activate(): void {
    this.#inactive = undefined;
  }

  /** @param scope What its input borrowed; it ends with the call. */
  request(id: Id, method: string, params: unknown, meta: Meta | undefined, scope?: Scope): void {
    const entry = this.#entries.get(method);
    if (entry === undefined) this.#refuseName(id, method);
    else this.run(id, entry, params, meta, scope);
    // What goes on running keeps what it borrowed.
    if (scope !== undefined && !this.#running.has(id)) scope.end();
  }

  /** Runs a member, or a function that was lent. */
  run(id: Id, entry: Entry, params: unknown, meta: Meta | undefined, scope: Scope | undefined): void {
    const { tracing } = this.#options;
    if (tracing === undefined) this.#run(id, entry, params, meta, scope);
    else tracing.within(meta, () => this.#run(id, entry, params, meta, scope));
  }

  #run(id: Id, entry: Entry, params: unknown, meta: Meta | undefined, scope: Scope | undefined): void {
    const refusal = this.#refusal(entry);
    if (refusal !== undefined) return this.#answers.refuse(id, refusal.code, `Cannot run "${entry.name}": ${refusal.why}`);
    const context = new RunningContext(this.#surroundings.dispenser, scope);
    if (entry.kind === "stream") return this.#openStream(id, entry, params, context, meta);
    let value: unknown;
    try {
      value = calls.hasSubscribers ? this.#observe(entry, params, context) : runHandler(entry, params, context);
      if (isThenable(value)) return this.#wait(id, entry, context, value, meta);
    } catch (error) {
      return this.#answers.thrown(id, entry.name, error);
    }
    this.#answers.result(id, entry.name, value);
  }

  /** A stream's handler gives a source; the answer names the stream, and its items follow. It runs until the stream ends. */
  #openStream(id: Id, entry: Entry, params: unknown, context: RunningContext, meta: Meta | undefined): void {
    const refusal = this.#surroundings.streams.writesRefused;
    if (refusal !== undefined) return this.#answers.refuse(id, WireCode.busy, `Cannot run "${entry.name}": ${refusal.message}`);
    this.#running.set(id, context);
    this.#deadlines.set(context, meta, (why) => this.#end(id, why));
    const opening = calls.hasSubscribers ? this.#observeSource(entry, params, context) : openSource(entry, params, context);
    opening.then(
      (source) => {
        if (this.#running.get(id) !== context) return void closeUnread(source);
        // Others were opened while this one's handler ran.
        const full = this.#surroundings.streams.writesRefused;
        if (full !== undefined) return this.#refuseOpened(id, entry, context, source, full.message);
        // The request is answered, and another may have its id; what runs on is known by its context.
        this.#running.delete(id);
        this.#running.set(context, context);
        this.#deadlines.clear(context);
        let isClosing = false;
        const onStop = (): void => {
          const reason = new PluginError("CANCELLED", "The stream was ended: its reader stopped reading");
          context.scope?.end(reason);
          // Its place is free though its source may never close; a drain waits for that all the same.
          isClosing = this.#leave(context, context);
          if (isClosing) this.#closing++;
          context.abort(reason);
        };
        const onEnd = (): void => {
          if (isClosing) this.#closing--;
          if (this.#leave(context, context) || isClosing) this.#left();
        };
        this.#answers.result(id, entry.name, { stream: this.#surroundings.streams.write(entry.name, source, { onStop, onEnd }).id });
      },
      (error: unknown) => {
        if (!this.#leave(id, context)) return;
        this.#answers.thrown(id, entry.name, error);
        this.#left();
      },
    );
  }

  #refuseOpened(id: Id, { name }: Entry, context: RunningContext, source: AsyncIterable<unknown>, why: string): void {
    void closeUnread(source);
    if (!this.#leave(id, context)) return;
    this.#answers.refuse(id, WireCode.busy, `Cannot run "${name}": ${why}`);
    this.#left();
  }

  /** A call that nobody waits for. What it comes to is of interest to the log alone. */
  notification(method: string, params: unknown, meta: Meta | undefined): void {
    const entry = this.#entries.get(method);
    if (entry === undefined || entry.kind === "stream" || this.#refusal(entry) !== undefined) return;
    const { tracing } = this.#options;
    if (tracing === undefined) this.#runUnanswered(entry, params);
    else tracing.within(meta, () => this.#runUnanswered(entry, params));
  }

  #runUnanswered(entry: Entry, params: unknown): void {
    const context = new RunningContext(this.#surroundings.dispenser);
    try {
      const value = calls.hasSubscribers ? this.#observe(entry, params, context) : runHandler(entry, params, context);
      if (isThenable(value)) void this.#outlast(entry, context, value);
    } catch (error) {
      this.#answers.failed(entry.name, error);
    }
  }

  /** The caller gave up. The call is answered now, so that a handler that never ends holds nothing here. */
  cancel(id: unknown): void {
    this.#end(id as Id, "the caller cancelled it");
  }

  /** Ends all calls without an answer: there is nobody left to read one. */
  abortAll(reason: PluginError): void {
    const all = [...this.#running.values()];
    this.#running.clear();
    this.#deadlines.clearAll();
    for (const context of all) {
      context.scope?.end(reason);
      context.abort(reason);
    }
    for (const idle of this.#idle.splice(0)) idle();
  }

  /** Takes no more calls. Resolves once those that run have been answered, or after `graceMs`. */
  drain(graceMs: number): Promise<void> {
    this.#inactive = "stopping";
    if (this.running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.#options.clock.after(graceMs, resolve);
      this.#idle.push(() => {
        stop();
        resolve();
      });
    });
  }

  /** As runHandler(), while somebody watches. */
  #observe(entry: Entry, params: unknown, context: RunningContext): unknown {
    const observation = this.#observation(entry);
    const run = (): unknown => runHandler(entry, params, context);
    return observation === undefined ? run() : observation.run(run);
  }

  /** As openSource(), likewise; the call ends with the stream. */
  async #observeSource(entry: Entry, params: unknown, context: RunningContext): Promise<AsyncIterable<unknown>> {
    const observation = this.#observation(entry);
    if (observation === undefined) return openSource(entry, params, context);
    try {
      const source = await observation.begin(() => openSource(entry, params, context));
      return new ObservedStream(observation, source[Symbol.asyncIterator]());
    } catch (error) {
      observation.fail(error);
      throw error;
    }
  }

  // A function that was lent is part of the call that lent it.
  #observation({ contract, member, kind }: Entry): Observation | undefined {
    const { other, plugin = other, clock } = this.#options;
    if (contract === undefined || member === undefined) return undefined;
    return new Observation({ side: "handler", contract, member, kind, plugin, clock });
  }

  #refusal({ contract }: Entry): { code: number; why: string } | undefined {
    // A function that was lent is part of a call that runs.
    if (contract === undefined) return this.#overload();
    if (this.#inactive === "stopping") return { code: WireCode.stopping, why: "this side is stopping" };
    if (this.#inactive === "starting") return { code: WireCode.busy, why: "this side is not ready yet" };
    return this.#overload();
  }

  #overload(): { code: number; why: string } | undefined {
    const { maxRunningCalls, maxUnsentBytes } = this.#options.limits;
    if (this.#running.size >= maxRunningCalls) return { code: WireCode.busy, why: `${maxRunningCalls} calls run already` };
    if (this.#surroundings.unsentBytes() > maxUnsentBytes) return { code: WireCode.busy, why: "earlier answers have not been read" };
    return undefined;
  }

  #refuseName(id: Id, method: string): void {
    if (NAME_PATTERN.test(method)) this.#answers.refuse(id, WireCode.notProvided, `Cannot run "${method}": nobody provides it here`);
    else this.#answers.refuse(id, WireCode.invalidRequest, `Cannot run a method of that name: a name is ${NAME_RULE}`);
  }

  #wait(id: Id, entry: Entry, context: RunningContext, value: PromiseLike<unknown>, meta: Meta | undefined): void {
    const settled = Promise.resolve(value);
    this.#running.set(id, context);
    this.#deadlines.set(context, meta, (why) => this.#end(id, why));
    settled.then(
      (result: unknown) => {
        if (!this.#leave(id, context)) return;
        this.#answers.result(id, entry.name, result);
        this.#left();
      },
      (error: unknown) => {
        if (!this.#leave(id, context)) return;
        this.#answers.thrown(id, entry.name, error);
        this.#left();
      },
    );
  }

  async #outlast(entry: Entry, context: RunningContext, value: PromiseLike<unknown>): Promise<void> {
    this.#running.set(context, context);
    try {
      await value;
    } catch (error) {
      if (!context.aborted) this.#answers.failed(entry.name, error);
    }
    if (this.#leave(context, context)) this.#left();
  }

  /** False for a call that has left before: it was cancelled, or the connection is gone; another may have its id by now. */
  #leave(key: Id | RunningContext, context: RunningContext): boolean {
    if (this.#running.get(key) !== context) return false;
    this.#running.delete(key);
    context.scope?.end();
    this.#deadlines.clear(context);
    return true;
  }

  /** After the answer of a call that left. */
  #left(): void {
    if (this.#idle.length > 0 && this.running === 0) for (const idle of this.#idle.splice(0)) idle();
  }

  #end(id: Id, why: string): void {
    const context = this.#running.get(id);
    if (context === undefined) return;
    const reason = new PluginError("CANCELLED", `The call was ended: ${why}`);
    context.scope?.end(reason);
    if (!this.#leave(id, context)) return;
    this.#answers.refuse(id, WireCode.cancelled, reason.message);
    context.abort(reason);
    this.#left();
  }
}
