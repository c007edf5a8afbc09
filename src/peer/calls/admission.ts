import { PluginError } from "../../errors.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import { isReserved } from "../../wire/messages.js";
import type { Sender } from "../messages/sender.js";
import type { PendingCalls } from "./pending-calls.js";

/** The error that refuses a call; `label` is its name in sentences. Undefined for a call that is let through. */
type Refusal = (label: string, method: string) => PluginError | undefined;

export interface AdmissionOptions {
  readonly limits: ResolvedLimits;
  readonly other: string;
}

/** Whether a call or notification of this side may be made now. */
export class Admission {
  readonly #pending: Pick<PendingCalls, "count">;
  readonly #sender: Pick<Sender, "unsent">;
  readonly #options: AdmissionOptions;
  readonly #maxPendingCalls: number;
  readonly #maxUnsentBytes: number;
  #refusal: Refusal | undefined;
  /** The refusal is for every call, and stays. */
  #refusesAll = false;

  constructor(pending: Pick<PendingCalls, "count">, sender: Pick<Sender, "unsent">, options: AdmissionOptions) {
    this.#pending = pending;
    this.#sender = sender;
    this.#options = options;
    this.#maxPendingCalls = options.limits.maxPendingCalls;
    this.#maxUnsentBytes = options.limits.maxUnsentBytes;
  }

  /** False once users' calls are refused for good. */
  get isOpen(): boolean {
    return this.#refusal === undefined;
  }

  /** Why a call may not be made now. @param label Its name in sentences. */
  refusal(label: string, method: string): PluginError | undefined {
    const isFree = this.#pending.count < this.#maxPendingCalls && this.#sender.unsent <= this.#maxUnsentBytes;
    return isFree && this.#refusal === undefined ? undefined : (this.#refusal?.(label, method) ?? this.#overload(label));
  }

  /** Refuses calls from now on. The first such reason stays. */
  refuse(error: (label: string) => PluginError): void {
    if (!this.#refusesAll) this.end(error);
  }

  /**
   * Refuses what users call from now on. The protocol's own calls go on, and those of functions that were lent to us: each is part of a
   * call that runs.
   */
  refuseUsers(error: (label: string) => PluginError): void {
    this.#refusal ??= (label, method) => (isReserved(method) ? undefined : error(label));
  }

  /** The conversation is over: every call is refused from now on, for this reason. */
  end(error: (label: string) => PluginError): void {
    this.#refusesAll = true;
    this.#refusal = error;
  }

  #overload(label: string): PluginError | undefined {
    const { other } = this.#options;
    if (this.#pending.count >= this.#maxPendingCalls) {
      return new PluginError("BUSY", `Cannot call "${label}": ${this.#maxPendingCalls} calls to ${other} wait for an answer already`);
    }
    if (this.#sender.unsent <= this.#maxUnsentBytes) return undefined;
    return new PluginError("BUSY", `Cannot call "${label}": ${other} has not read the last ${this.#sender.unsent} bytes`);
  }
}
