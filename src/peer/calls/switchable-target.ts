import type { CallOptions } from "../../contract/views.js";
import { PluginError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import { inThisContext } from "../../util/neutral.js";
import type { OpenedStream } from "../streams/opened-stream.js";
import { checkCallOptions } from "./call-options.js";
import type { CallTarget, Transform } from "./call-target.js";
import { lessSpent } from "./spent-time.js";
import { WaitingCalls } from "./waiting-calls.js";

export interface SwitchOptions {
  readonly clock: Clock;
  /** Of a call that says nothing. */
  readonly callTimeoutMs: number;
  /** How many calls may wait at a time. */
  readonly maxPendingCalls: number;
  /** Why nothing is there at first: the end of the sentence that a refused call gets. */
  readonly why: string;
}

/**
 * A target that stays while what is behind it is replaced, so that a remote outlives the process that it was made for.
 *
 * While nothing is there a call is refused with `NOT_SENT`, or waits as long as its `waitReadyMs` says. What was sent is never sent
 * again, and streams and lent functions stay with the target that they began with.
 */
export class SwitchableTarget implements CallTarget {
  readonly #options: SwitchOptions;
  readonly #waiting: WaitingCalls;
  #target: CallTarget | undefined;
  #why: string;
  /** Nothing is on its way: to wait for it would be in vain. */
  #hopeless = false;
  #over = false;

  constructor(options: SwitchOptions) {
    this.#options = options;
    this.#waiting = new WaitingCalls(options.clock);
    this.#why = options.why;
  }

  get takesCalls(): boolean {
    return this.#target?.takesCalls === true;
  }

  /** Calls go there from now on; those that wait go first, in the order in which they were made. */
  switchTo(target: CallTarget): void {
    if (this.#over) return;
    this.#target = target;
    this.#hopeless = false;
    this.#waiting.placeAll(target);
  }

  /** Nothing is there until the next switchTo(). @param why The end of the sentence that a refused call gets. */
  switchOff(why: string): void {
    if (this.#over) return;
    this.#target = undefined;
    this.#hopeless = false;
    this.#why = why;
  }

  /** Nothing is there, nor is it on its way: calls are refused until the next switchOff() or switchTo(). @param why As for switchOff(). */
  giveUp(why: string): void {
    this.switchOff(why);
    this.#hopeless = true;
    this.#waiting.refuseAll();
  }

  /** Nothing will be there again: calls that wait are refused as well. Idempotent. @param why As for switchOff(). */
  end(why: string): void {
    this.giveUp(why);
    this.#over = true;
  }

  call(method: string, input: unknown, options: CallOptions | undefined, accept?: Transform): Promise<unknown> {
    const target = this.#targetFor(options);
    if (target !== undefined) return target.call(method, input, options, accept);
    const place = (ready: CallTarget, left: CallOptions): Promise<unknown> => ready.call(method, input, left, accept);
    return this.#whenReady(method, options, this.#options.callTimeoutMs, place);
  }

  notify(method: string, input: unknown, options: CallOptions | undefined): Promise<void> {
    const target = this.#targetFor(options);
    if (target !== undefined) return target.notify(method, input, options);
    const place = (ready: CallTarget, left: CallOptions): Promise<void> => ready.notify(method, input, left);
    return this.#whenReady(method, options, Number.POSITIVE_INFINITY, place);
  }

  openStream(
    method: string,
    input: unknown,
    options: CallOptions,
    accept: Transform | undefined,
    onEnd: () => void,
  ): Promise<OpenedStream> {
    const target = this.#targetFor(options);
    if (target !== undefined) return target.openStream(method, input, options, accept, onEnd);
    const place = (ready: CallTarget, left: CallOptions): Promise<OpenedStream> => ready.openStream(method, input, left, accept, onEnd);
    return this.#whenReady(method, options, this.#options.callTimeoutMs, place);
  }

  /** Where a call goes at once. One that does not wait is refused by the target itself, which knows best why. */
  #targetFor(options: CallOptions | undefined): CallTarget | undefined {
    const target = this.#target;
    if (target === undefined || target.takesCalls) return target;
    const waits = (options?.waitReadyMs ?? 0) > 0;
    return waits ? undefined : target;
  }

  #whenReady<T>(
    method: string,
    options: CallOptions = {},
    timeoutMs: number,
    place: (target: CallTarget, left: CallOptions) => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      checkCallOptions(method, options);
      const { signal, waitReadyMs = 0, maxTotalMs = Number.POSITIVE_INFINITY } = options;
      if (signal?.aborted) return reject(signal.reason);
      const { clock } = this.#options;
      const refusal = this.#refusalOf(method, waitReadyMs);
      // In a macrotask: a loop that retries at once would otherwise starve every timer and socket.
      if (refusal !== undefined) return clock.soon(() => reject(refusal));
      const begun = clock.now();
      const wholeMs = options.timeoutMs ?? timeoutMs;
      this.#waiting.add({
        signal,
        mostMs: Math.min(waitReadyMs, wholeMs, maxTotalMs),
        // As who made the call, and not as whoever brings the target: what its input lends is the caller's.
        place: inThisContext((target: CallTarget) => resolve(place(target, lessSpent(options, wholeMs, clock.now() - begun)))),
        refuse: (waitedMs) => reject(this.#notSent(method, waitedMs)),
        abort: reject,
      });
    });
  }

  /** Why a call does not wait, if so. */
  #refusalOf(method: string, waitReadyMs: number): PluginError | undefined {
    if (waitReadyMs === 0 || this.#hopeless || this.#over) return this.#notSent(method);
    const { maxPendingCalls } = this.#options;
    if (this.#waiting.size < maxPendingCalls) return undefined;
    return new PluginError("BUSY", `Cannot call "${method}": ${this.#why}, and ${maxPendingCalls} calls wait for it already`);
  }

  #notSent(method: string, waitedMs?: number): PluginError {
    const waited = waitedMs === undefined ? "" : `, and was not ready in ${waitedMs} ms`;
    return new PluginError("NOT_SENT", `Cannot call "${method}": ${this.#why}${waited}`);
  }
}
