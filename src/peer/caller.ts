import type { CallOptions } from "../contract/views.js";
import { PluginError, ValidationError } from "../errors.js";
import { abortable, addAbortTask, removeAbortTask } from "../util/abort.js";
import type { Clock } from "../util/clock.js";
import { isWithinDepth } from "../wire/depth.js";
import { encodeNotification, encodeRequest, isTooLong } from "../wire/encode.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { CANCEL, type Id } from "../wire/messages.js";
import { checkCallOptions } from "./call-options.js";
import type { CloseErrors } from "./close-reason.js";
import { type PendingCall, PendingCalls } from "./pending-calls.js";
import { fromWireError, textOfThrown } from "./remote-error.js";
import type { Sender } from "./sender.js";

export interface CallerOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  readonly other: string;
}
/** What is made of an answer before the caller gets it; may throw. */
export type Accept = (value: unknown) => unknown;

type Settle = (value: unknown) => void;

/** Calls and notifications that we send: each settles once, whatever happens. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #pending: PendingCalls;
  readonly #sender: Sender;
  #refusal: ((method: string) => PluginError) | undefined;

  constructor(sender: Sender, options: CallerOptions) {
    this.#sender = sender;
    this.#options = options;
    this.#pending = new PendingCalls(options.clock, (call) => this.#expire(call));
  }

  get pending(): number {
    return this.#pending.count;
  }

  call(method: string, input: unknown, options: CallOptions | undefined, accept: Accept | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => this.#place(method, input, options, accept, resolve, reject));
  }

  /** Resolves once it was handed to the system. */
  notify(method: string, input: unknown, options?: CallOptions): Promise<void> {
    if (options !== undefined) return this.#notifyWith(method, input, options);
    return new Promise((resolve, reject) => {
      const refusal = this.#refuse(method);
      if (refusal !== undefined) return this.#options.clock.soon(() => reject(refusal));
      this.#sender.send(this.#encode(undefined, method, input));
      this.#sender.whenHanded(method, resolve, reject);
    });
  }

  /** False if nobody waited for that answer, and nobody had given it up. */
  resolve(id: Id, value: unknown): boolean {
    const call = this.#take(id);
    if (call === undefined) return typeof id === "number" && this.#pending.wasGivenUp(id);
    if (call.accept === undefined) {
      call.resolve(value);
      return true;
    }
    try {
      call.resolve(call.accept(value));
    } catch (error) {
      call.reject(error);
    }
    return true;
  }

  /** As resolve(), for an error answer. */
  reject(id: Id, error: unknown): boolean {
    const call = this.#take(id);
    if (call === undefined) return typeof id === "number" && this.#pending.wasGivenUp(id);
    call.reject(fromWireError(error, call.method, this.#options.other));
    return true;
  }

  /** Refuses calls from now on; those that wait go on waiting. */
  refuse(error: (method: string) => PluginError): void {
    this.#refusal ??= error;
  }

  /**
   * The connection is over: rejects everything that waits.
   * @param unwritten How many of the last messages certainly never left.
   */
  lose(errors: CloseErrors, unwritten: number): void {
    this.#refusal = (method) => errors.notSent(method);
    const firstUnwritten = this.#sender.sent - unwritten + 1;
    const errorOf = (method: string, sequence: number): PluginError =>
      sequence === 0 || sequence >= firstUnwritten ? errors.notSent(method) : errors.lost(method);
    for (const call of this.#pending.takeAll()) {
      unwatch(call);
      call.reject(errorOf(call.method, call.sequence));
    }
    this.#sender.rejectAll(errorOf);
  }

  // Every call comes this way: what most of them do not need is in functions of its own, closures above all.
  #place(
    method: string,
    input: unknown,
    options: CallOptions | undefined,
    accept: Accept | undefined,
    resolve: Settle,
    reject: Settle,
  ): void {
    const signal = options?.signal;
    const timeoutMs = options?.timeoutMs ?? this.#options.callTimeoutMs;
    if (options !== undefined) checkCallOptions(method, options);
    if (signal?.aborted) return reject(signal.reason);
    const refusal = this.#refuse(method);
    if (refusal !== undefined) return this.#rejectSoon(reject, refusal);
    const deadline = timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : this.#options.clock.now() + timeoutMs;
    const call: PendingCall = { id: 0, method, deadline, timeoutMs, sequence: 0, resolve, reject, accept, signal, onAbort: undefined };
    // Before it is encoded: a toJSON in the input may place a call of its own, or end the connection.
    this.#pending.add(call);
    if (signal !== undefined) this.#watch(call, signal);
    const message = this.#encode(call, method, input);
    if (signal?.aborted) return;
    call.sequence = this.#sender.send(message);
  }

  async #notifyWith(method: string, input: unknown, options: CallOptions): Promise<void> {
    checkCallOptions(method, options);
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options;
    signal?.throwIfAborted();
    const handed = this.notify(method, input);
    const bounded = timeoutMs === Number.POSITIVE_INFINITY ? handed : this.#within(timeoutMs, method, handed);
    return signal === undefined ? bounded : abortable(bounded, signal);
  }

  #within(timeoutMs: number, method: string, handed: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const sentence = `Gave up the notification "${method}": ${this.#options.other} did not take it in ${timeoutMs} ms; it may yet arrive`;
      const stop = this.#options.clock.after(timeoutMs, () => reject(new PluginError("CALL_TIMEOUT", sentence)));
      handed.finally(stop).then(resolve, reject);
    });
  }

  #watch(call: PendingCall, signal: AbortSignal): void {
    call.onAbort = () => this.#abandon(call, signal.reason);
    addAbortTask(signal, call.onAbort);
  }

  #take(id: Id): PendingCall | undefined {
    const call = typeof id === "number" ? this.#pending.take(id) : undefined;
    if (call?.signal !== undefined) unwatch(call);
    return call;
  }

  // In a macrotask: a loop that retries at once would otherwise starve every timer and socket.
  #rejectSoon(reject: Settle, refusal: PluginError): void {
    this.#options.clock.soon(() => reject(refusal));
  }

  #refuse(method: string): PluginError | undefined {
    if (this.#refusal !== undefined) return this.#refusal(method);
    const { maxPendingCalls, maxUnsentBytes } = this.#options.limits;
    const { other } = this.#options;
    if (this.#pending.count >= maxPendingCalls) {
      return new PluginError("BUSY", `Cannot call "${method}": ${maxPendingCalls} calls to ${other} wait for an answer already`);
    }
    if (this.#sender.unsent > maxUnsentBytes) {
      return new PluginError("BUSY", `Cannot call "${method}": ${other} has not read the last ${this.#sender.unsent} bytes`);
    }
    return undefined;
  }

  /** The text of a call, or of a notification if there is none. @throws {PluginError} If it cannot be sent: the call is over then. */
  #encode(call: PendingCall | undefined, method: string, input: unknown): string {
    let message: string;
    try {
      message = call === undefined ? encodeNotification(method, input) : encodeRequest(call.id, method, input);
    } catch (cause) {
      throw this.#unfit(call, inputError(method, textOfThrown(cause), cause));
    }
    const { maxDepth, maxMessageBytes } = this.#options.limits;
    if (!isWithinDepth(message, 0, message.length, maxDepth)) {
      throw this.#unfit(call, inputError(method, `it is nested deeper than ${maxDepth} levels`));
    }
    if (isTooLong(message, maxMessageBytes)) {
      const sentence = `Cannot call "${method}": its input is longer than ${maxMessageBytes} bytes`;
      throw this.#unfit(call, new PluginError("LIMIT_EXCEEDED", sentence));
    }
    return message;
  }

  #unfit(call: PendingCall | undefined, error: PluginError): PluginError {
    if (call !== undefined) this.#take(call.id);
    return error;
  }

  #expire(call: PendingCall): void {
    unwatch(call);
    this.#sender.send(encodeNotification(CANCEL, { id: call.id }));
    const sentence = `Gave up the call of "${call.method}": ${this.#options.other} did not answer in ${call.timeoutMs} ms; it may have run`;
    call.reject(new PluginError("CALL_TIMEOUT", sentence));
  }

  #abandon(call: PendingCall, reason: unknown): void {
    if (call.sequence === 0) this.#pending.take(call.id);
    else if (this.#pending.giveUp(call)) this.#sender.send(encodeNotification(CANCEL, { id: call.id }));
    call.reject(reason);
  }
}

function unwatch({ signal, onAbort }: PendingCall): void {
  if (signal !== undefined && onAbort !== undefined) removeAbortTask(signal, onAbort);
}

function inputError(method: string, problem: string, cause?: unknown): ValidationError {
  const sentence = `Cannot call "${method}": its input cannot be sent (${problem})`;
  return new ValidationError("INVALID_INPUT", sentence, [{ message: problem }], cause === undefined ? undefined : { cause });
}
