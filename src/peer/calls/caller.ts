import type { PluginIdentity } from "../../contract/context.js";
import type { CallOptions } from "../../contract/views.js";
import { isPluginError, PluginError } from "../../errors.js";
import { addAbortTask } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { isThenable } from "../../util/thenable.js";
import { encodeNotification } from "../../wire/encode.js";
import { CANCEL, type Id } from "../../wire/messages.js";
import { rejectWithStack } from "../errors/callers-stack.js";
import { fromWireError } from "../errors/remote-error.js";
import type { OutgoingMessage } from "../messages/message-writer.js";
import type { Sender } from "../messages/sender.js";
import type { ProgramHold } from "../program-hold.js";
import { Admission, type AdmissionOptions } from "./admission.js";
import type { CallMessages } from "./call-messages.js";
import { checkCallOptions } from "./call-options.js";
import type { LateChecks } from "./late-checks.js";
import { type PendingCall, PendingCalls } from "./pending-calls.js";

export interface CallerOptions extends AdmissionOptions {
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  readonly identity?: PluginIdentity | undefined;
  readonly hold?: ProgramHold | undefined;
}
/** What is made of an answer before the caller gets it; may throw. */
export type Accept = (value: unknown, call: PendingCall) => unknown;

type Settle = (value: unknown) => void;

/** Calls that this side makes: each settles once, whatever happens. */
export class Caller {
  /** Which of them may be made; notifications are subject to it, too. */
  readonly admission: Admission;
  /** How many calls were placed, and rejected. */
  errors = 0;
  readonly #options: CallerOptions;
  readonly #pending: PendingCalls;
  readonly #messages: CallMessages;
  readonly #sender: Sender;
  readonly #checks: LateChecks;
  /** How many calls were not answered in time. */
  timedOut = 0;

  constructor(messages: CallMessages, sender: Sender, checks: LateChecks, options: CallerOptions) {
    this.#options = options;
    this.#messages = messages;
    this.#sender = sender;
    this.#checks = checks;
    this.#pending = new PendingCalls(options.clock, (call) => this.#expire(call), options.hold);
    this.admission = new Admission(this.#pending, sender, options);
  }

  /** Calls that wait for an answer. */
  get pending(): number {
    return this.#pending.count;
  }

  /** The deadline of the oldest call that may still run on the other side; undefined if there is none. */
  get oldestDeadline(): number | undefined {
    return this.#pending.oldestDeadline;
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

  /** False if no call waited for that answer, and none that was given up had that id. */
  resolve(id: Id, value: unknown): boolean {
    const call = typeof id === "number" ? this.#pending.take(id) : undefined;
    if (call === undefined) return typeof id === "number" && this.#pending.wasGivenUp(id, value);
    if (call.accept === undefined) call.resolve(value);
    else this.#accept(call, call.accept, value);
    if (call.scope !== undefined) call.scope.end();
    return true;
  }

  /** As resolve(), for an error answer. */
  reject(id: Id, error: unknown): boolean {
    const call = typeof id === "number" ? this.#pending.take(id) : undefined;
    if (call === undefined) return typeof id === "number" && this.#pending.wasGivenUp(id);
    this.#fail(call, fromWireError(error, call.method, { other: this.#options.other, plugin: this.#options.identity?.id }));
    return true;
  }

  /** A promise of that error. */
  refuseSoon(refusal: PluginError): Promise<never> {
    return new Promise((_, reject) => this.#rejectSoon(reject, refusal));
  }

  /** Resolves once no call waits for an answer, or after `ms`. */
  untilNone(ms: number): Promise<void> {
    return this.#pending.untilNone(ms);
  }

  /** The connection is over: rejects all calls that wait. */
  lose(errorOf: (method: string, sequence: number) => PluginError): void {
    for (const call of this.#pending.takeAll()) this.#fail(call, errorOf(call.method, call.sequence));
    this.#checks.lose((method) => errorOf(method, 1));
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
    const timeoutMs = options === undefined ? this.#options.callTimeoutMs : this.#timeoutOf(label, options);
    const signal = options?.signal;
    if (signal?.aborted) return reject(signal.reason);
    const refusal = this.admission.refusal(label, method);
    if (refusal !== undefined) return this.#rejectSoon(reject, refusal);
    const call: PendingCall = {
      id: 0,
      method: label,
      deadline: timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : this.#options.clock.now() + timeoutMs,
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
    // Before it is written: a toJSON in the input may place a call of its own, or end the connection.
    this.#pending.add(call);
    if (signal !== undefined) this.#watch(call, signal);
    let message: OutgoingMessage;
    try {
      message = this.#messages.request(call, method, input, options);
    } catch (error) {
      return this.#unwritten(call, error);
    }
    if (signal?.aborted) return;
    call.hasBytes = message.bytes !== undefined;
    call.sequence = this.#sender.send(message.text, message.bytes);
  }

  #timeoutOf(label: string, options: CallOptions): number {
    checkCallOptions(label, options);
    return Math.min(options.timeoutMs ?? this.#options.callTimeoutMs, options.maxTotalMs ?? Number.POSITIVE_INFINITY);
  }

  #watch(call: PendingCall, signal: AbortSignal): void {
    call.onAbort = () => this.#abandon(call, signal.reason);
    addAbortTask(signal, call.onAbort);
  }

  #accept(call: PendingCall, accept: Accept, value: unknown): void {
    try {
      const accepted = accept(value, call);
      if (isThenable(accepted)) call.resolve(this.#checkLate(call, accepted));
      else call.resolve(accepted);
    } catch (error) {
      this.#reject(call, error);
    }
  }

  /** It has its answer, and what checks that takes its time: within the call's. */
  #checkLate({ method, signal, deadline, timeoutMs }: PendingCall, accepted: PromiseLike<unknown>): Promise<unknown> {
    const late = (): PluginError => {
      const what = `its schema did not check the result in ${timeoutMs} ms; it has run`;
      return new PluginError("CALL_TIMEOUT", `Gave up the call of "${method}": ${what}`);
    };
    const checked = this.#checks.run(accepted, { name: method, signal, deadline, late, outlasts: false });
    checked.catch(() => this.errors++);
    return checked;
  }

  /** A call that cannot be sent is over, if the connection has not ended meanwhile, and taken it along. */
  #unwritten(call: PendingCall, error: unknown): void {
    if (this.#pending.take(call.id) !== undefined) this.errors++;
    call.scope?.end();
    // As every refusal, see #rejectSoon().
    if (isPluginError(error, "BUSY")) this.#rejectSoon(call.reject, error);
    else call.reject(error);
  }

  // In a macrotask: a loop that retries at once would otherwise starve every timer and socket.
  #rejectSoon(reject: Settle, refusal: PluginError): void {
    this.#options.clock.soon(() => reject(refusal));
  }

  #expire(call: PendingCall): void {
    this.timedOut++;
    this.#keepBytes(call);
    this.#sender.send(encodeNotification(CANCEL, { id: call.id }));
    const sentence = `Gave up the call of "${call.method}": ${this.#options.other} did not answer in ${call.timeoutMs} ms; it may have run`;
    this.#fail(call, new PluginError("CALL_TIMEOUT", sentence));
  }

  #abandon(call: PendingCall, reason: unknown): void {
    this.#keepBytes(call);
    if (call.sequence === 0) this.#pending.take(call.id);
    else if (this.#pending.giveUp(call)) this.#sender.send(encodeNotification(CANCEL, { id: call.id }));
    // As it is: it is the caller's own.
    this.#reject(call, reason);
    call.scope?.end();
  }

  /** A call that is over, and some of whose bytes may not have left: they may be changed from now on. */
  #keepBytes(call: PendingCall): void {
    if (call.hasBytes) this.#sender.copyBytes();
  }

  #fail(call: PendingCall, error: PluginError): void {
    this.errors++;
    rejectWithStack(error, call.resolve, call.reject);
    call.scope?.end();
  }

  #reject(call: PendingCall, reason: unknown): void {
    this.errors++;
    call.reject(reason);
  }
}
