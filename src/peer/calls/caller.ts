import type { CallOptions } from "../../contract/views.js";
import { isPluginError, PluginError } from "../../errors.js";
import { abortable, addAbortTask, removeAbortTask } from "../../util/abort.js";
import { isThenable } from "../../util/thenable.js";
import { within } from "../../util/within.js";
import { encodeNotification } from "../../wire/encode.js";
import { CANCEL, type Id, isReserved } from "../../wire/messages.js";
import type { CloseErrors } from "../errors/close-reason.js";
import { fromWireError } from "../errors/remote-error.js";
import type { ProgramHold } from "../program-hold.js";
import type { References } from "../references.js";
import type { Sender } from "../sender.js";
import { checkCallOptions } from "./call-options.js";
import { Outgoing, type OutgoingOptions } from "./outgoing.js";
import { type PendingCall, PendingCalls } from "./pending-calls.js";

export interface CallerOptions extends OutgoingOptions {
  readonly callTimeoutMs: number;
  readonly hold?: ProgramHold | undefined;
  readonly other: string;
}
/** What is made of an answer before the caller gets it; may throw. */
export type Accept = (value: unknown, call: PendingCall) => unknown;

type Settle = (value: unknown) => void;
/** The error that refuses a call; `label` is its name in sentences. Undefined for a call that is let through. */
type Refusal = (label: string, method: string) => PluginError | undefined;

/** Calls and notifications that we send: each settles once, whatever happens. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #pending: PendingCalls;
  readonly #sender: Sender;
  readonly #outgoing: Outgoing;
  #refusal: Refusal | undefined;
  /** The refusal is for every call, and stays. */
  #refusesAll = false;
  #errors = 0;

  constructor(sender: Sender, options: CallerOptions) {
    this.#sender = sender;
    this.#outgoing = new Outgoing(sender.attachmentPolicy, options);
    this.#options = options;
    this.#pending = new PendingCalls(options.clock, (call) => this.#expire(call), options.hold);
  }

  /** What lends what inputs hold. */
  set references(references: References) {
    this.#outgoing.references = references;
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
      const refusal = this.#refuse(method, method);
      if (refusal !== undefined) return this.#options.clock.soon(() => reject(refusal));
      const message = this.#encode(undefined, method, input, undefined);
      this.#sender.send(message, this.#outgoing.takePieces());
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

  /** False once calls are refused for good. */
  get takesCalls(): boolean {
    return this.#refusal === undefined;
  }

  /** Refuses calls from now on; those that wait go on waiting. */
  refuse(error: (method: string) => PluginError): void {
    if (this.#refusesAll) return;
    this.#refusesAll = true;
    this.#refusal = error;
  }

  /**
   * Refuses what users call from now on. The protocol's own calls go on, and those of functions that were lent to us: each is part of a
   * call that runs. Resolves once no call waits for an answer, or after `ms`.
   */
  drain(error: (method: string) => PluginError, ms: number): Promise<void> {
    this.#refusal ??= (label, method) => (isReserved(method) ? undefined : error(label));
    return this.#pending.untilNone(ms);
  }

  /**
   * The connection is over: rejects everything that waits.
   * @param unwritten How many of the last messages certainly never left.
   */
  lose(errors: CloseErrors, unwritten: number): void {
    this.#refusesAll = true;
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
    const refusal = this.#refuse(label, method);
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
      hasBytes: false,
      late,
    };
    // Before it is encoded: a toJSON in the input may place a call of its own, or end the connection.
    this.#pending.add(call);
    if (signal !== undefined) this.#watch(call, signal);
    const message = this.#encode(call, method, input, options);
    const pieces = this.#outgoing.takePieces();
    if (signal?.aborted) return;
    call.hasBytes = pieces !== undefined;
    call.sequence = this.#sender.send(message, pieces);
  }

  async #notifyWith(method: string, input: unknown, options: CallOptions): Promise<void> {
    checkCallOptions(method, options);
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options;
    signal?.throwIfAborted();
    const handed = this.notify(method, input);
    const bounded = timeoutMs === Number.POSITIVE_INFINITY ? handed : this.#within(timeoutMs, method, handed);
    try {
      return await (signal === undefined ? bounded : abortable(bounded, signal));
    } catch (error) {
      this.#sender.copyBytes();
      throw error;
    }
  }

  #within(timeoutMs: number, method: string, handed: Promise<void>): Promise<void> {
    const sentence = `Gave up the notification "${method}": ${this.#options.other} did not take it in ${timeoutMs} ms; it may yet arrive`;
    return within(handed, timeoutMs, this.#options.clock, () => new PluginError("CALL_TIMEOUT", sentence));
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

  #refuse(label: string, method: string): PluginError | undefined {
    const refusal = this.#refusal?.(label, method);
    if (refusal !== undefined) return refusal;
    const { maxPendingCalls, maxUnsentBytes } = this.#options.limits;
    const { other } = this.#options;
    if (this.#pending.count >= maxPendingCalls) {
      return new PluginError("BUSY", `Cannot call "${label}": ${maxPendingCalls} calls to ${other} wait for an answer already`);
    }
    if (this.#sender.unsent > maxUnsentBytes) {
      return new PluginError("BUSY", `Cannot call "${label}": ${other} has not read the last ${this.#sender.unsent} bytes`);
    }
    return undefined;
  }

  /** As Outgoing has it; a call that cannot be sent is over then. */
  #encode(call: PendingCall | undefined, method: string, input: unknown, options: CallOptions | undefined): string {
    try {
      return this.#outgoing.encode(call, method, input, options);
    } catch (error) {
      // As for every refusal: in a macrotask. What is thrown next is not heard then.
      if (isPluginError(error, "BUSY")) call?.resolve(this.refuseSoon(error));
      if (call !== undefined && this.#take(call.id) !== undefined) this.#errors++;
      call?.scope?.end();
      throw error;
    }
  }

  #fail(call: PendingCall, reason: unknown): void {
    this.#errors++;
    call.reject(reason);
  }

  #countIfRejected(accepted: unknown): unknown {
    if (isThenable(accepted)) Promise.resolve(accepted).catch(() => this.#errors++);
    return accepted;
  }

  /** Whoever gave the bytes of a call may change them once it is over, and they may not have left. */
  #keepBytes(call: PendingCall): void {
    if (call.hasBytes) this.#sender.copyBytes();
  }

  #expire(call: PendingCall): void {
    unwatch(call);
    this.#keepBytes(call);
    this.#sender.send(encodeNotification(CANCEL, { id: call.id }));
    const sentence = `Gave up the call of "${call.method}": ${this.#options.other} did not answer in ${call.timeoutMs} ms; it may have run`;
    this.#fail(call, new PluginError("CALL_TIMEOUT", sentence));
    call.scope?.end();
  }

  #abandon(call: PendingCall, reason: unknown): void {
    this.#keepBytes(call);
    if (call.sequence === 0) this.#pending.take(call.id);
    else if (this.#pending.giveUp(call)) this.#sender.send(encodeNotification(CANCEL, { id: call.id }));
    this.#fail(call, reason);
    call.scope?.end();
  }
}

function unwatch({ signal, onAbort }: PendingCall): void {
  if (signal !== undefined && onAbort !== undefined) removeAbortTask(signal, onAbort);
}
