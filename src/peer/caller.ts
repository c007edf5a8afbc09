import type { CallOptions } from "../contract/views.js";
import { PluginError, ValidationError } from "../errors.js";
import { abortable, addAbortTask, removeAbortTask } from "../util/abort.js";
import type { Clock } from "../util/clock.js";
import { isThenable } from "../util/thenable.js";
import type { Cargo } from "../wire/cargo.js";
import { isWithinDepth } from "../wire/depth.js";
import { addMeta, encodeNotification, encodeRequest, encodeSpecialNotification, encodeSpecialRequest, paramsOf } from "../wire/encode.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { CANCEL, type Id, isUsers } from "../wire/messages.js";
import { extract, isSpecial, type Lender, lendNothing } from "../wire/references.js";
import { NOT_SMALL, smallText } from "../wire/small-json.js";
import { checkCallOptions } from "./call-options.js";
import type { CloseErrors } from "./close-reason.js";
import { type PendingCall, PendingCalls } from "./pending-calls.js";
import { type References, Scope } from "./references.js";
import { fromWireError } from "./remote-error.js";
import type { Sender } from "./sender.js";
import { whyTooLong } from "./too-long.js";
import { TooMany } from "./too-many.js";
import type { Tracing } from "./tracing.js";
import { type Flaw, flawOf } from "./unsendable.js";

export interface CallerOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  readonly tracing?: Tracing | undefined;
  readonly other: string;
}
/** What is made of an answer before the caller gets it; may throw. */
export type Accept = (value: unknown, call: PendingCall) => unknown;

type Settle = (value: unknown) => void;

/** Calls and notifications that we send: each settles once, whatever happens. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #pending: PendingCalls;
  readonly #sender: Sender;
  #cargo: Cargo | undefined;
  #refusal: ((method: string) => PluginError) | undefined;
  #errors = 0;

  /** What lends what inputs hold. */
  references: References | undefined;

  constructor(sender: Sender, options: CallerOptions) {
    this.#sender = sender;
    this.#options = options;
    this.#pending = new PendingCalls(options.clock, (call) => this.#expire(call));
  }

  get pending(): number {
    return this.#pending.count;
  }

  /** The deadline of the oldest call that may still run on the other side; undefined if there is none. */
  get oldestDeadline(): number | undefined {
    return this.#pending.oldestDeadline;
  }

  /** How many calls were placed, and rejected. */
  get errors(): number {
    return this.#errors;
  }

  call(method: string, input: unknown, options: CallOptions | undefined, accept: Accept | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => this.#place(method, method, input, options, accept, resolve, reject));
  }

  /** A call whose answer opens something. @param late Closes that again, where the answer comes after the call was given up. */
  open<T>(method: string, input: unknown, options: CallOptions, accept: Accept, late: (value: unknown) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#place(method, method, input, options, accept, resolve as Settle, reject, late);
    });
  }

  /** A call of the protocol's own, which goes by another name in sentences. */
  callAs(label: string, method: string, input: unknown, options: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => this.#place(label, method, input, options, undefined, resolve, reject));
  }

  /** Resolves once it was handed to the system. */
  notify(method: string, input: unknown, options?: CallOptions): Promise<void> {
    if (options !== undefined) return this.#notifyWith(method, input, options);
    return new Promise((resolve, reject) => {
      const refusal = this.#refuse(method);
      if (refusal !== undefined) return this.#options.clock.soon(() => reject(refusal));
      const message = this.#encode(undefined, method, input, undefined);
      this.#sender.send(message, this.#takePieces());
      this.#sender.whenHanded(method, resolve, reject);
    });
  }

  /** False if nobody waited for that answer, and nobody had given it up. */
  resolve(id: Id, value: unknown): boolean {
    const call = this.#take(id);
    if (call === undefined) return typeof id === "number" && this.#pending.wasGivenUp(id, value);
    if (call.accept === undefined) {
      call.resolve(value);
    } else {
      try {
        call.resolve(this.#countIfRejected(call.accept(value, call)));
      } catch (error) {
        this.#fail(call, error);
      }
    }
    call.scope?.end();
    return true;
  }

  /** As resolve(), for an error answer. */
  reject(id: Id, error: unknown): boolean {
    const call = this.#take(id);
    if (call === undefined) return typeof id === "number" && this.#pending.wasGivenUp(id);
    this.#fail(call, fromWireError(error, call.method, this.#options.other));
    call.scope?.end();
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
      this.#fail(call, errorOf(call.method, call.sequence));
      call.scope?.end();
    }
    this.#sender.rejectAll(errorOf);
  }

  // Every call comes this way: what most of them do not need is in functions of its own, closures above all.
  #place(
    label: string,
    method: string,
    input: unknown,
    options: CallOptions | undefined,
    accept: Accept | undefined,
    resolve: Settle,
    reject: Settle,
    late?: (value: unknown) => void,
  ): void {
    const signal = options?.signal;
    let timeoutMs = options?.timeoutMs ?? this.#options.callTimeoutMs;
    if (options !== undefined) {
      checkCallOptions(label, options);
      timeoutMs = Math.min(timeoutMs, options.maxTotalMs ?? Number.POSITIVE_INFINITY);
    }
    if (signal?.aborted) return reject(signal.reason);
    const refusal = this.#refuse(label);
    if (refusal !== undefined) return this.#rejectSoon(reject, refusal);
    const deadline = timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : this.#options.clock.now() + timeoutMs;
    const call: PendingCall = {
      id: 0,
      method: label,
      deadline,
      timeoutMs,
      sequence: 0,
      resolve,
      reject,
      accept,
      signal,
      onAbort: undefined,
      scope: undefined,
      late,
    };
    // Before it is encoded: a toJSON in the input may place a call of its own, or end the connection.
    this.#pending.add(call);
    if (signal !== undefined) this.#watch(call, signal);
    const message = this.#encode(call, method, input, options);
    const pieces = this.#takePieces();
    if (signal?.aborted) return;
    call.sequence = this.#sender.send(message, pieces);
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

  /** A promise of that error. */
  refuseSoon(refusal: PluginError): Promise<never> {
    return new Promise((_, reject) => this.#rejectSoon(reject, refusal));
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
  #encode(call: PendingCall | undefined, method: string, input: unknown, options: CallOptions | undefined): string {
    const label = call?.method ?? method;
    let message: string;
    try {
      const small = smallText(input);
      if (small === NOT_SMALL && isSpecial(input, this.#sender.carrier.longText))
        message = this.#encodeSpecial(call, method, input, options);
      else message = call === undefined ? encodeNotification(method, input, small) : encodeRequest(call.id, method, input, small);
    } catch (cause) {
      throw this.#unfit(call, this.#tooMuchLent(call, label, cause) ?? inputError(label, flawOf(input, cause), cause));
    }
    if (this.#options.tracing !== undefined) message = traced(message, method, this.#options.tracing);
    const { maxDepth, maxMessageBytes } = this.#options.limits;
    if (!isWithinDepth(message, 0, message.length, maxDepth)) {
      throw this.#unfit(call, inputError(label, { message: `it is nested deeper than ${maxDepth} levels` }));
    }
    const tooLong = whyTooLong("its input", message, this.#cargo, maxMessageBytes);
    if (tooLong !== undefined) {
      const sentence = `Cannot call "${label}": ${tooLong}`;
      throw this.#unfit(call, new PluginError("LIMIT_EXCEEDED", sentence));
    }
    return message;
  }

  // What most calls do not need: bytes, functions, iterables and long texts in the input.
  #encodeSpecial(call: PendingCall | undefined, method: string, input: unknown, options: CallOptions | undefined): string {
    const cargo = this.#sender.carrier.cargo();
    const { value, refs } = paramsOf(extract(input, this.#lender(call, method, options), cargo));
    cargo?.seal(refs);
    // Not before: a toJSON of the input may have made a call of its own.
    this.#cargo = cargo;
    return call === undefined ? encodeSpecialNotification(method, value, refs) : encodeSpecialRequest(call.id, method, value, refs);
  }

  // A notification has no end, until which something could be lent, and nobody lends with the protocol's own calls.
  #lender(call: PendingCall | undefined, method: string, options: CallOptions | undefined): Lender {
    if (call === undefined || this.references === undefined || !isUsers(method)) return lendNothing;
    call.scope = new Scope();
    const onUse = options?.progressResetsTimeout === true ? this.#extension(call, options) : () => {};
    return this.references.lender(call.scope, call.method, onUse);
  }

  /** What goes beside the message that was just encoded. */
  #takePieces(): readonly Uint8Array[] | undefined {
    const cargo = this.#cargo;
    if (cargo === undefined) return undefined;
    this.#cargo = undefined;
    return cargo.pieces;
  }

  /** Moves a call's deadline each time that it shows progress, up to its own cap. */
  #extension(call: PendingCall, { maxTotalMs = Number.POSITIVE_INFINITY }: CallOptions): () => void {
    const { clock } = this.#options;
    const { timeoutMs } = call;
    const cap = clock.now() + maxTotalMs;
    return () => {
      const deadline = clock.now() + timeoutMs;
      call.deadline = Math.min(deadline, cap);
      // For the sentence: from now on it is all of its time that may pass.
      if (deadline > cap) call.timeoutMs = maxTotalMs;
    };
  }

  /** The error, where an input would lend more than may be lent now. */
  #tooMuchLent(call: PendingCall | undefined, label: string, thrown: unknown): PluginError | undefined {
    // A getter may throw anything.
    const cause = (thrown as { readonly cause?: unknown } | null | undefined)?.cause;
    if (!(cause instanceof TooMany)) return undefined;
    const busy = new PluginError("BUSY", `Cannot call "${label}": ${cause.message}`);
    // As for every refusal: in a macrotask. What is thrown next is not heard then.
    call?.resolve(this.refuseSoon(busy));
    return busy;
  }

  #unfit(call: PendingCall | undefined, error: PluginError): PluginError {
    this.#cargo = undefined;
    if (call !== undefined && this.#take(call.id) !== undefined) this.#errors++;
    call?.scope?.end();
    return error;
  }

  #fail(call: PendingCall, reason: unknown): void {
    this.#errors++;
    call.reject(reason);
  }

  #countIfRejected(accepted: unknown): unknown {
    if (isThenable(accepted)) Promise.resolve(accepted).catch(() => this.#errors++);
    return accepted;
  }

  #expire(call: PendingCall): void {
    unwatch(call);
    this.#sender.copyBytes();
    this.#sender.send(encodeNotification(CANCEL, { id: call.id }));
    const sentence = `Gave up the call of "${call.method}": ${this.#options.other} did not answer in ${call.timeoutMs} ms; it may have run`;
    this.#fail(call, new PluginError("CALL_TIMEOUT", sentence));
    call.scope?.end();
  }

  #abandon(call: PendingCall, reason: unknown): void {
    this.#sender.copyBytes();
    if (call.sequence === 0) this.#pending.take(call.id);
    else if (this.#pending.giveUp(call)) this.#sender.send(encodeNotification(CANCEL, { id: call.id }));
    this.#fail(call, reason);
    call.scope?.end();
  }
}

// The protocol's own calls belong to nobody's trace, and the first of them go to a stranger.
function traced(message: string, method: string, tracing: Tracing): string {
  const meta = isUsers(method) ? tracing.active() : undefined;
  return meta === undefined ? message : addMeta(message, meta);
}

function unwatch({ signal, onAbort }: PendingCall): void {
  if (signal !== undefined && onAbort !== undefined) removeAbortTask(signal, onAbort);
}

function inputError(method: string, flaw: Flaw, cause?: unknown): ValidationError {
  const sentence = `Cannot call "${method}": its input cannot be sent (${flaw.message})`;
  return new ValidationError("INVALID_INPUT", sentence, [flaw], cause === undefined ? undefined : { cause });
}
