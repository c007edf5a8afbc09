import type { ImplementationRecord } from "../contract/implement.js";
import type { CallOptions, Dispenser } from "../contract/views.js";
import { PluginError } from "../errors.js";
import type { Clock } from "../util/clock.js";
import { type Deferred, deferred } from "../util/deferred.js";
import type { Logger } from "../util/logger.js";
import type { Channel } from "../wire/channel.js";
import { decodeLines, type MessageSink } from "../wire/codec.js";
import { encodeViolation } from "../wire/encode.js";
import { WireCode } from "../wire/error-codes.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { CANCEL, type Id, LOG, type Meta, PING } from "../wire/messages.js";
import { type Accept, Caller } from "./caller.js";
import { type CloseReason, closeErrors } from "./close-reason.js";
import { Dispatcher } from "./dispatcher.js";
import { logRemote } from "./remote-log.js";
import { ReservedMethods } from "./reserved.js";
import { Sender } from "./sender.js";

export interface PeerOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Check values against schemas on this side. */
  readonly validate: boolean;
  /** For calls without their own. */
  readonly callTimeoutMs: number;
  /** The other side, for sentences, as in `plugin "./kv.js"`. */
  readonly other: string;
}

/** What a connection has seen. */
export interface Counters {
  /** Answers that nobody waited for; late ones to calls that were given up are not counted. */
  orphanReplies: number;
}

/** One conversation over one channel: owns it, routes each message, closes once. */
export class Peer implements MessageSink {
  /** Resolves when the channel is gone. Never rejects. */
  readonly closed: Promise<CloseReason>;
  readonly counters: Counters = { orphanReplies: 0 };
  readonly reserved: ReservedMethods;
  readonly #options: PeerOptions;
  readonly #channel: Channel;
  readonly #sender: Sender;
  readonly #caller: Caller;
  readonly #dispatcher: Dispatcher;
  readonly #closed: Deferred<CloseReason> = deferred();
  #reason: CloseReason | undefined;
  #trusted = false;
  #paused = false;
  #leaving = false;
  #complaint: PluginError | undefined;

  constructor(channel: Channel, options: PeerOptions, dispenser: Dispenser) {
    this.#options = options;
    this.#channel = channel;
    this.closed = this.#closed.promise;
    this.#sender = new Sender((message) => channel.send(message));
    this.#caller = new Caller(this.#sender, options);
    const answer = (message: string): void => this.#answer(message);
    this.#dispatcher = new Dispatcher({ dispenser, send: answer, unsentBytes: () => this.#sender.unsent }, options);
    this.reserved = new ReservedMethods(answer);
    this.reserved.set(PING, () => "pong");
    this.reserved.set(CANCEL, (params) => this.#dispatcher.cancel((params as { id?: unknown } | undefined)?.id));
    this.reserved.set(LOG, (params) => logRemote(params, options.logger));
    channel.receive({
      lines: (text) => decodeLines(text, options.limits.maxDepth, this),
      drained: () => this.#drained(),
      violated: (problem) => this.violation(WireCode.invalidRequest, problem),
      closed: (error, unwritten = 0) => this.#ended(error, unwritten),
    });
  }

  /** False once the conversation is over, and nothing more is read. */
  get open(): boolean {
    return this.#reason === undefined;
  }

  /** Calls that wait for an answer. */
  get pending(): number {
    return this.#caller.pending;
  }

  /** Calls that run here for the other side. */
  get running(): number {
    return this.#dispatcher.running;
  }

  /** The other side has proven itself: its messages may be long, and are more than the handshake's. */
  trust(): void {
    this.#trusted = true;
    this.#channel.allow?.(this.#options.limits.maxMessageBytes);
  }

  provide(implementations: readonly ImplementationRecord[]): void {
    this.#dispatcher.provide(implementations);
  }

  /** Runs calls from now on; before, they are answered `BUSY`. */
  activate(): void {
    this.#dispatcher.activate();
  }

  call(method: string, input: unknown, options?: CallOptions, accept?: Accept): Promise<unknown> {
    return this.#caller.call(method, input, options, accept);
  }

  /** Resolves when it was handed to the system. */
  notify(method: string, input: unknown, options?: CallOptions): Promise<void> {
    return this.#caller.notify(method, input, options);
  }

  /** Takes no more calls; resolves once those that run have been answered, or after `graceMs`. */
  drain(graceMs: number): Promise<void> {
    return this.#dispatcher.drain(graceMs);
  }

  /** We are about to end the other side: calls are refused, and its going is no loss. */
  leave(why: string): void {
    this.#leaving = true;
    this.#caller.refuse((method) => new PluginError("NOT_SENT", `Cannot call "${method}": ${why}`));
  }

  /** Ends the conversation. Idempotent; resolves when the channel is gone. `code` and `text` are a WebSocket's. */
  close(reason: CloseReason = { kind: "closed", by: "us" }, code?: number, text?: string): Promise<CloseReason> {
    if (this.#reason === undefined) {
      this.#finish(reason, 0);
      this.#channel.close(code, text);
    }
    return this.closed;
  }

  request(id: Id, method: string, params: unknown, meta: Meta | undefined): void {
    if (this.#dispatcher.isRunning(id) || this.reserved.isRunning(id)) {
      return this.violation(WireCode.invalidRequest, `its id ${JSON.stringify(id)} belongs to a request that still runs`);
    }
    if (!this.#trusted && !this.reserved.isExpected(method)) return this.#distrust(quoted(method));
    if (method.startsWith("rpc.")) this.reserved.request(id, method, params);
    else this.#dispatcher.request(id, method, params, meta);
  }

  notification(method: string, params: unknown): void {
    if (!this.#trusted) return this.#distrust(quoted(method));
    if (method.startsWith("rpc.")) this.reserved.notification(method, params);
    else this.#dispatcher.notification(method, params);
  }

  result(id: Id, value: unknown): void {
    if (!this.#caller.resolve(id, value)) this.#orphan();
  }

  failure(id: Id | null, error: unknown): void {
    if (id !== null) {
      if (!this.#caller.reject(id, error)) this.#orphan();
      return;
    }
    if (!this.#trusted) return this.#distrust("an answer");
    // It could not read something of ours, and closes. Its words are the reason that our callers want to read.
    const text = (error as { message?: unknown } | null)?.message;
    const what = `${this.#options.other} could not read what we sent${typeof text === "string" ? `: ${text.slice(0, 4_096)}` : ""}`;
    this.#complaint = new PluginError("PROTOCOL_VIOLATION", `Lost the connection: ${what}`);
    this.#options.logger.error(what);
  }

  violation(code: number, problem: string): void {
    if (this.#reason !== undefined) return;
    const sentence = `Closed the connection to ${this.#options.other}: it sent a line that is no message: ${problem}`;
    this.#options.logger.warn(sentence);
    if (this.#trusted) this.#channel.send(encodeViolation(code, problem));
    const error = new PluginError("PROTOCOL_VIOLATION", sentence);
    void this.close({ kind: "lost", error }, code === WireCode.parseError ? 1003 : 1008, problem);
  }

  // Ignored and counted, but not from a stranger: it has nothing to answer.
  #orphan(): void {
    this.counters.orphanReplies++;
    if (!this.#trusted) this.#distrust("an answer");
  }

  #distrust(what: string): void {
    const sentence = `Closed the connection to ${this.#options.other}: it sent ${what} before it had proven itself`;
    void this.close({ kind: "lost", error: new PluginError("PROTOCOL_VIOLATION", sentence) }, 1008, "out of order");
  }

  #drained(): void {
    this.#sender.drained();
    if (!this.#paused) return;
    this.#paused = false;
    this.#channel.resume();
  }

  #ended(error: PluginError | undefined, unwritten: number): void {
    const cause = this.#complaint ?? error;
    if (this.#reason === undefined && cause !== undefined && !this.#leaving) this.#finish({ kind: "lost", error: cause }, unwritten);
    else if (this.#reason === undefined) this.#finish({ kind: "closed", by: this.#leaving ? "us" : "peer" }, unwritten);
    this.#closed.resolve(this.#reason as CloseReason);
  }

  #finish(reason: CloseReason, unwritten: number): void {
    this.#reason = reason;
    const errors = closeErrors(reason, this.#options.other);
    this.#caller.lose(errors, unwritten);
    this.#dispatcher.abortAll(errors.aborted);
  }

  #answer(message: string): void {
    if (this.#reason !== undefined) return;
    this.#sender.send(message);
    // Above the limit calls are refused; refusals are answers too, and somebody who reads none of them is heard no more.
    if (this.#sender.unsent > this.#options.limits.maxUnsentBytes && !this.#paused) {
      this.#paused = true;
      this.#channel.pause();
    }
  }
}

function quoted(method: string): string {
  return JSON.stringify(method.slice(0, 128));
}
