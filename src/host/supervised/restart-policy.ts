import type { PluginError, StartError } from "../../errors.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import { type Backoff, backoffMs, type ResolvedBackoff } from "../../util/backoff.js";
import { backoffIn } from "../../util/options/backoff.js";
import { choice } from "../../util/options/choices.js";
import { duration } from "../../util/options/numbers.js";
import { nested, type OptionsSource } from "../../util/options/source.js";

/** How a plugin is started anew when it has ended. */
export interface RestartPolicy extends Backoff {
  /** `always`: after every end that was not asked for, exit code 0 too. `failure`: not after exit code 0. @default "always" */
  readonly on?: "always" | "failure" | undefined;
  /** Once it is errored, it is tried again this often, in milliseconds. @default never */
  readonly thenEveryMs?: number | undefined;
}
export interface ResolvedRestartPolicy extends ResolvedBackoff {
  readonly on: "always" | "failure";
  readonly thenEveryMs: number | undefined;
}

/** What becomes of a plugin that did not start, or has ended unasked. */
export type Verdict =
  | { readonly kind: "restart"; readonly delayMs: number; readonly attempt: number }
  /** It gets no better by itself. */
  | { readonly kind: "errored" }
  /** It ended in order, and the policy leaves it at that. */
  | { readonly kind: "done" };

/** Counts the failures of one plugin in a row, and says what comes next. Knows no clock: times are handed in, from a monotonic one. */
export class RestartCounter {
  readonly #policy: ResolvedRestartPolicy | undefined;
  readonly #random: () => number;
  /** Restarts in a row. */
  #attempts = 0;
  /** Starts in a row that the system had no room for: not counted as failures of the plugin. */
  #starved = 0;

  constructor(policy: ResolvedRestartPolicy | false, random: () => number = Math.random) {
    this.#policy = policy === false ? undefined : policy;
    this.#random = random;
  }

  /** Restarts in a row so far. */
  get attempts(): number {
    return this.#attempts;
  }

  /** What was asked for by a person begins with a clean slate. */
  reset(): void {
    this.#attempts = 0;
    this.#starved = 0;
  }

  /** The plugin became ready: a start that the system had no room for is over. */
  started(): void {
    this.#starved = 0;
  }

  /** @param aliveMs How long it had been ready. */
  ended(reason: CloseReason, aliveMs: number): Verdict {
    if (this.#policy === undefined) return { kind: "errored" };
    if (aliveMs >= this.#policy.resetAfterMs) this.#attempts = 0;
    const inOrder = reason.kind === "exited" && reason.exitCode === 0;
    return inOrder && this.#policy.on === "failure" ? { kind: "done" } : this.#restart(0);
  }

  failed(error: PluginError): Verdict {
    const { reason, retryAfterMs, retryable } = error as Partial<StartError>;
    if (this.#policy === undefined || retryable !== true) return { kind: "errored" };
    if (reason !== "resources") return this.#restart(retryAfterMs ?? 0);
    return { kind: "restart", delayMs: backoffMs(this.#starved++, this.#policy, this.#random()), attempt: this.#attempts };
  }

  #restart(leastMs: number): Verdict {
    const policy = this.#policy as ResolvedRestartPolicy;
    if (this.#attempts >= policy.maxAttempts) return { kind: "errored" };
    const delayMs = Math.max(leastMs, backoffMs(this.#attempts, policy, this.#random()));
    this.#attempts++;
    return { kind: "restart", delayMs, attempt: this.#attempts };
  }
}

const NAMES = new Set(["initialMs", "factor", "maxMs", "jitter", "maxAttempts", "resetAfterMs", "on", "thenEveryMs"]);

/** Reads the option `restart`. @throws {TypeError | RangeError} */
export function resolveRestart(from: OptionsSource): ResolvedRestartPolicy | false {
  if (from.values["restart"] === false) return false;
  const restart = nested(
    from,
    "restart",
    NAMES,
    "false, or an object with initialMs, factor, maxMs, jitter, maxAttempts, resetAfterMs, on and thenEveryMs",
  );
  return {
    ...backoffIn(restart, 5),
    on: choice(restart, "on", "always", ["always", "failure"]),
    thenEveryMs: duration(restart, "thenEveryMs", undefined),
  };
}
