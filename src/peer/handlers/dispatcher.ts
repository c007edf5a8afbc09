import { NAME_PATTERN, NAME_RULE } from "../../contract/contract.js";
import type { ImplementationRecord } from "../../contract/implement.js";
import type { Dispenser, PluginIdentity } from "../../contract/views.js";
import { PluginError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import type { Logger } from "../../util/logger.js";
import { isThenable } from "../../util/thenable.js";
import type { AttachmentPolicy } from "../../wire/attachments.js";
import { WireCode } from "../../wire/error-codes.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import type { Id, Meta } from "../../wire/messages.js";
import type { Scope } from "../scope.js";
import { closeUnread } from "../streams/stream-source.js";
import type { Streams } from "../streams/streams.js";
import type { Tracing } from "../tracing.js";
import { type Origin, RunningContext } from "./call-context.js";
import type { Entry } from "./handler.js";
import { ObservedHandlers } from "./observed-handlers.js";
import { Responses } from "./responses.js";
import { RunningCalls } from "./running-calls.js";

/** What the dispatcher needs of the peer that it works for. */
export interface Surroundings {
  readonly dispenser: Dispenser;
  /** Sends one answer. */
  send(message: string, bytes?: readonly Uint8Array[]): void;
  /** What may go beside the JSON. */
  readonly attachmentPolicy: AttachmentPolicy;
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
  readonly identity?: PluginIdentity | undefined;
  readonly tracing?: Tracing | undefined;
}

/** Calls we received: find, run, answer, cancel. Each request is answered once. */
export class Dispatcher {
  // A Map, so that a remote name never reaches a prototype.
  readonly #entries = new Map<string, Entry>();
  readonly #running: RunningCalls;
  readonly #handlers: ObservedHandlers;
  readonly #surroundings: Surroundings;
  readonly #options: DispatcherOptions;
  readonly #answers: Responses;
  readonly #origin: Origin;
  #inactive: "starting" | "stopping" | undefined = "starting";

  constructor(surroundings: Surroundings, options: DispatcherOptions) {
    this.#surroundings = surroundings;
    this.#options = options;
    const { clock, other, plugin = other } = options;
    this.#origin = { peer: surroundings.dispenser, plugin: options.identity };
    this.#running = new RunningCalls(clock);
    this.#handlers = new ObservedHandlers({ clock, plugin });
    this.#answers = new Responses((message, bytes) => surroundings.send(message, bytes), surroundings.attachmentPolicy, options);
  }

  /** How many calls were answered with an error. */
  get errors(): number {
    return this.#answers.errors;
  }

  /** What runs, and what is being closed. */
  get running(): number {
    return this.#running.unfinished;
  }

  isRunning(id: Id): boolean {
    return this.#running.get(id) !== undefined;
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
    if (scope !== undefined && this.#running.get(id) === undefined) scope.end();
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
    const context = new RunningContext(this.#origin, scope);
    if (entry.kind === "stream") return this.#openStream(id, entry, params, context, meta);
    let value: unknown;
    try {
      value = this.#handlers.run(entry, params, context);
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
    this.#running.enter(id, context);
    if (meta !== undefined) this.#running.limit(context, meta, (why) => this.#end(id, why));
    const opening = this.#handlers.open(entry, params, context);
    opening.then(
      (source) => {
        if (this.#running.get(id) !== context) return void closeUnread(source);
        // Others were opened while this one's handler ran.
        const full = this.#surroundings.streams.writesRefused;
        if (full !== undefined) return this.#refuseOpened(id, entry, context, source, full.message);
        this.#running.outlast(id, context);
        let isClosing = false;
        const onStop = (): void => {
          const reason = new PluginError("CANCELLED", "The stream was ended: its reader stopped reading");
          context.scope?.end(reason);
          // Its place is free though its source may never close; a drain waits for that all the same.
          isClosing = this.#running.beginClosing(context);
          context.abort(reason);
        };
        const onEnd = (): void => {
          if (isClosing) this.#running.closed();
          else if (this.#running.leave(context, context)) this.#running.left();
        };
        this.#answers.result(id, entry.name, { stream: this.#surroundings.streams.write(entry.name, source, { onStop, onEnd }).id });
      },
      (error: unknown) => {
        if (!this.#running.leave(id, context)) return;
        this.#answers.thrown(id, entry.name, error);
        this.#running.left();
      },
    );
  }

  #refuseOpened(id: Id, { name }: Entry, context: RunningContext, source: AsyncIterable<unknown>, why: string): void {
    void closeUnread(source);
    if (!this.#running.leave(id, context)) return;
    this.#answers.refuse(id, WireCode.busy, `Cannot run "${name}": ${why}`);
    this.#running.left();
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
    const context = new RunningContext(this.#origin);
    try {
      const value = this.#handlers.run(entry, params, context);
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
    this.#running.abortAll(reason);
  }

  /** Takes no more calls. Resolves once those that run have been answered, or after `graceMs`. */
  drain(graceMs: number): Promise<void> {
    this.#inactive = "stopping";
    return this.#running.untilIdle(graceMs);
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
    this.#running.enter(id, context);
    if (meta !== undefined) this.#running.limit(context, meta, (why) => this.#end(id, why));
    settled.then(
      (result: unknown) => {
        if (!this.#running.leave(id, context)) return;
        this.#answers.result(id, entry.name, result);
        this.#running.left();
      },
      (error: unknown) => {
        if (!this.#running.leave(id, context)) return;
        this.#answers.thrown(id, entry.name, error);
        this.#running.left();
      },
    );
  }

  async #outlast(entry: Entry, context: RunningContext, value: PromiseLike<unknown>): Promise<void> {
    this.#running.enter(context, context);
    try {
      await value;
    } catch (error) {
      if (!context.aborted) this.#answers.failed(entry.name, error);
    }
    if (this.#running.leave(context, context)) this.#running.left();
  }

  #end(id: Id, why: string): void {
    const context = this.#running.get(id);
    if (context === undefined) return;
    const reason = new PluginError("CANCELLED", `The call was ended: ${why}`);
    context.scope?.end(reason);
    if (!this.#running.leave(id, context)) return;
    this.#answers.refuse(id, WireCode.cancelled, reason.message);
    context.abort(reason);
    this.#running.left();
  }
}
