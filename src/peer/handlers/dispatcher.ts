import type { CallContext, Dispenser, PluginIdentity } from "../../contract/context.js";
import { NAME_PATTERN, NAME_RULE } from "../../contract/contract.js";
import type { AnyHandler, ImplementationRecord } from "../../contract/implement.js";
import { PluginError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import type { Logger } from "../../util/logger.js";
import { isThenable } from "../../util/thenable.js";
import { WireCode } from "../../wire/error-codes.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import type { Id, Meta } from "../../wire/messages.js";
import type { MessageWriter } from "../messages/message-writer.js";
import type { ReplySender } from "../messages/reply-sender.js";
import type { Sender } from "../messages/sender.js";
import type { Scope } from "../references/scope.js";
import type { StreamWriters } from "../streams/stream-writers.js";
import type { Tracing } from "../tracing.js";
import { type Origin, RunningContext } from "./call-context.js";
import type { Entry } from "./handler.js";
import { ObservedHandlers } from "./observed-handlers.js";
import { Responses } from "./responses.js";
import { RunningCalls } from "./running-calls.js";
import { StreamCalls } from "./stream-calls.js";

// Such a name cannot be defined: those are the protocol's.
const PROTOCOL = "rpc";

/** Answers a method of the protocol's own. */
export type WireCallHandler = (input: unknown, context: CallContext) => unknown;

/** What a dispatcher works with. */
export interface DispatcherParts {
  readonly dispenser: Dispenser;
  readonly messages: MessageWriter;
  readonly replies: ReplySender;
  readonly sender: Pick<Sender, "unsent">;
  readonly writers: StreamWriters;
  readonly log: Pick<Logger, "warn">;
}
export interface DispatcherOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly validate: boolean;
  readonly other: string;
  readonly plugin?: string;
  readonly identity?: PluginIdentity | undefined;
  readonly tracing?: Tracing | undefined;
  /** Asked of each call of a contract: why the other side may not make it, as the end of a sentence. */
  readonly authorize?: ((contract: string) => string | undefined) | undefined;
}

/** Why a call is refused, as a code of the wire and the end of a sentence. */
interface Refusal {
  readonly code: number;
  readonly why: string;
}

/** Calls we received: find, run, answer, cancel. Each request is answered once. */
export class Dispatcher {
  /** What of them runs now. */
  readonly running: RunningCalls;
  // A Map, so that a remote name never reaches a prototype.
  readonly #entries = new Map<string, Entry>();
  readonly #handlers: ObservedHandlers;
  readonly #sender: Pick<Sender, "unsent">;
  readonly #options: DispatcherOptions;
  readonly #responses: Responses;
  readonly #streamCalls: StreamCalls;
  readonly #origin: Origin;
  #inactive: "starting" | "stopping" | undefined = "starting";

  constructor({ dispenser, messages, replies, sender, writers, log }: DispatcherParts, options: DispatcherOptions) {
    this.#sender = sender;
    this.#options = options;
    const { clock } = options;
    // Who dials in is known later than its connection: looked at where it is asked for.
    this.#origin = {
      peer: dispenser,
      get plugin() {
        return options.identity;
      },
    };
    this.running = new RunningCalls(clock);
    this.#handlers = new ObservedHandlers({
      clock,
      get plugin() {
        return options.plugin ?? options.other;
      },
    });
    this.#responses = new Responses(replies, messages, { limits: options.limits, log });
    this.#streamCalls = new StreamCalls({ handlers: this.#handlers, running: this.running, responses: this.#responses, writers });
  }

  /** How many calls were answered with an error. */
  get errors(): number {
    return this.#responses.errors;
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

  /** Answers methods of the protocol's own that run what a user wrote: those of topics. */
  answer(handlers: ReadonlyMap<string, WireCallHandler>): void {
    for (const [name, handler] of handlers) {
      const member = name.slice("rpc.".length);
      this.#entries.set(name, {
        name,
        kind: "method",
        contract: PROTOCOL,
        member,
        handler: handler as AnyHandler,
        input: undefined,
        output: undefined,
      });
    }
  }

  /** Takes calls from now on. */
  activate(): void {
    if (this.#inactive !== "stopping") this.#inactive = undefined;
  }

  /**
   * @param scope What its input borrowed; it ends with the call.
   * @param length Of its message, in bytes.
   */
  request(id: Id, method: string, params: unknown, meta: Meta | undefined, scope: Scope | undefined, length: number): void {
    const entry = this.#entries.get(method);
    if (entry === undefined) this.#refuseName(id, method);
    else this.run(id, entry, params, meta, scope, length);
    // What goes on running keeps what it borrowed.
    if (scope !== undefined && !this.running.has(id)) scope.end();
  }

  /** Runs a member, or a function that was lent. */
  run(id: Id, entry: Entry, params: unknown, meta: Meta | undefined, scope: Scope | undefined, length: number): void {
    const { tracing } = this.#options;
    if (tracing === undefined) this.#run(id, entry, params, meta, scope, length);
    else tracing.within(meta, () => this.#run(id, entry, params, meta, scope, length));
  }

  #run(id: Id, entry: Entry, params: unknown, meta: Meta | undefined, scope: Scope | undefined, length: number): void {
    const refusal = this.#refusal(entry, length);
    if (refusal !== undefined) return this.#responses.refuse(id, refusal.code, `Cannot run "${entry.name}": ${refusal.why}`);
    const context = new RunningContext(this.#origin, scope, length);
    if (entry.kind === "stream") return this.#openStream(id, entry, params, context, meta);
    let value: unknown;
    try {
      value = this.#handlers.run(entry, params, context);
      if (isThenable(value)) return this.#wait(id, entry, context, value, meta);
    } catch (error) {
      return this.#responses.thrown(id, entry.name, error);
    }
    this.#responses.result(id, entry.name, value);
  }

  #openStream(id: Id, entry: Entry, params: unknown, context: RunningContext, meta: Meta | undefined): void {
    const { refusal } = this.#streamCalls;
    if (refusal !== undefined) return this.#responses.refuse(id, WireCode.busy, `Cannot run "${entry.name}": ${refusal}`);
    this.#enter(id, context, meta);
    void this.#streamCalls.open(id, entry, params, context);
  }

  /** A call that is not answered. What it comes to is of interest to the log alone. */
  notification(method: string, params: unknown, meta: Meta | undefined, length: number): void {
    const entry = this.#entries.get(method);
    if (entry === undefined || entry.kind === "stream" || this.#refusal(entry, length) !== undefined) return;
    const { tracing } = this.#options;
    if (tracing === undefined) this.#runUnanswered(entry, params, length);
    else tracing.within(meta, () => this.#runUnanswered(entry, params, length));
  }

  #runUnanswered(entry: Entry, params: unknown, length: number): void {
    const context = new RunningContext(this.#origin, undefined, length);
    try {
      const value = this.#handlers.run(entry, params, context);
      if (isThenable(value)) void this.#outlast(entry, context, value);
    } catch (error) {
      this.#responses.failed(entry.name, error);
    }
  }

  /** The caller gave up. The call is answered now, so that a handler that never ends holds nothing here. */
  cancel(id: unknown): void {
    this.#end(id as Id, "the caller cancelled it");
  }

  /** Ends all calls without an answer: the connection is gone. */
  abortAll(reason: PluginError): void {
    this.running.abortAll(reason);
  }

  /** Takes no more calls. Resolves once those that run have been answered, or after `graceMs`. */
  drain(graceMs: number): Promise<void> {
    this.#inactive = "stopping";
    return this.running.untilIdle(graceMs);
  }

  #refusal({ contract }: Entry, length: number): Refusal | undefined {
    const lacking = contract === undefined || contract === PROTOCOL ? undefined : this.#options.authorize?.(contract);
    if (lacking !== undefined) return { code: WireCode.unauthorized, why: lacking };
    // A function that was lent is part of a call that runs.
    if (contract !== undefined && this.#inactive !== undefined) {
      return this.#inactive === "stopping"
        ? { code: WireCode.stopping, why: "this side is stopping" }
        : { code: WireCode.busy, why: "this side is not ready yet" };
    }
    const { maxRunningCalls, maxRunningBytes, maxUnsentBytes } = this.#options.limits;
    if (this.running.size >= maxRunningCalls) return { code: WireCode.busy, why: `${maxRunningCalls} calls run already` };
    // One alone may be longer: else a message that is not too long could never run.
    if (this.running.heldBytes + length > maxRunningBytes && this.running.size > 0) {
      return { code: WireCode.busy, why: `calls that run hold ${this.running.heldBytes} bytes already (limits.maxRunningBytes)` };
    }
    if (this.#sender.unsent > maxUnsentBytes) return { code: WireCode.busy, why: "earlier answers have not been read" };
    return undefined;
  }

  #refuseName(id: Id, method: string): void {
    if (NAME_PATTERN.test(method)) {
      this.#responses.refuse(id, WireCode.notProvided, `Cannot run "${method}": nobody provides it here`);
    } else this.#responses.refuse(id, WireCode.invalidRequest, `Cannot run a method of that name: a name is ${NAME_RULE}`);
  }

  #enter(id: Id, context: RunningContext, meta: Meta | undefined): void {
    this.running.enter(id, context);
    if (meta !== undefined) this.running.limit(context, meta, (why) => this.#end(id, why));
  }

  #wait(id: Id, entry: Entry, context: RunningContext, value: PromiseLike<unknown>, meta: Meta | undefined): void {
    const settled = Promise.resolve(value);
    this.#enter(id, context, meta);
    settled.then(
      (result: unknown) => {
        if (!this.running.leave(id, context)) return;
        this.#responses.result(id, entry.name, result);
        this.running.left();
      },
      (error: unknown) => {
        if (!this.running.leave(id, context)) return;
        this.#responses.thrown(id, entry.name, error);
        this.running.left();
      },
    );
  }

  async #outlast(entry: Entry, context: RunningContext, value: PromiseLike<unknown>): Promise<void> {
    this.running.enter(context, context);
    try {
      await value;
    } catch (error) {
      if (!context.aborted) this.#responses.failed(entry.name, error);
    }
    if (this.running.leave(context, context)) this.running.left();
  }

  #end(id: Id, why: string): void {
    const context = this.running.get(id);
    if (context === undefined) return;
    const reason = new PluginError("CANCELLED", `The call was ended: ${why}`);
    context.scope?.end(reason);
    if (!this.running.leave(id, context)) return;
    this.#responses.refuse(id, WireCode.cancelled, reason.message);
    context.abort(reason);
    this.running.left();
  }
}
