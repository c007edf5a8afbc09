import { backoffMs, type ResolvedBackoff } from "../util/backoff.js";

/** Counts tries to connect, and says how long to wait before the next one. Knows no clock. */
export class RetryCounter {
  readonly #policy: ResolvedBackoff;
  readonly #random: () => number;
  /** Failed in a row. */
  #failed = 0;
  #waits = 0;

  constructor(policy: ResolvedBackoff, random: () => number = Math.random) {
    this.#policy = policy;
    this.#random = random;
  }

  /** Tries that have failed in a row. */
  get failed(): number {
    return this.#failed;
  }

  /** It was connected, or begins anew because somebody asked for it. */
  reset(): void {
    this.#failed = 0;
    this.#waits = 0;
  }

  /** A try has failed. */
  fail(): void {
    this.#failed++;
  }

  /** In how many milliseconds to try again; undefined: no more. */
  next(): number | undefined {
    if (this.#failed >= this.#policy.maxAttempts) return undefined;
    return backoffMs(this.#waits++, this.#policy, this.#random());
  }
}
