import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import type { CallTarget } from "./call-target.js";

/** A call that waits for a target. One of the three is called, once. */
export interface WaitingCall {
  readonly signal: AbortSignal | undefined;
  /** How long it waits at most; Infinity for ever. */
  readonly mostMs: number;
  place(target: CallTarget): void;
  /** @param waitedMs Given where its time is over. */
  refuse(waitedMs?: number): void;
  abort(reason: unknown): void;
}

/** The calls that wait for a target, in the order in which they were made. */
export class WaitingCalls {
  readonly #clock: Clock;
  /** Each with what takes it out. */
  readonly #calls = new Map<WaitingCall, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#calls.size;
  }

  add(call: WaitingCall): void {
    const { signal, mostMs } = call;
    const onAbort = (): void => {
      leave();
      call.abort(signal?.reason);
    };
    const onTimeout = (): void => {
      leave();
      call.refuse(mostMs);
    };
    const callOff = mostMs === Number.POSITIVE_INFINITY ? () => {} : this.#clock.after(mostMs, onTimeout);
    const leave = (): void => {
      this.#calls.delete(call);
      callOff();
      if (signal !== undefined) removeAbortTask(signal, onAbort);
    };
    if (signal !== undefined) addAbortTask(signal, onAbort);
    this.#calls.set(call, leave);
  }

  /** All go to a target. */
  placeAll(target: CallTarget): void {
    this.#takeAll((call) => call.place(target));
  }

  refuseAll(): void {
    this.#takeAll((call) => call.refuse());
  }

  #takeAll(settle: (call: WaitingCall) => void): void {
    for (const [call, leave] of [...this.#calls]) {
      // Placing another may have ended this one: a toJSON in an input does what it likes.
      if (!this.#calls.has(call)) continue;
      leave();
      settle(call);
    }
  }
}
