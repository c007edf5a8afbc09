import type { ResolvedBackoff } from "../../util/backoff.js";
import { flag } from "../../util/options/flags.js";
import { namesIn } from "../../util/options/names.js";
import { duration, integer } from "../../util/options/numbers.js";
import { nested, type OptionsSource, option, REQUIRED } from "../../util/options/source.js";

/** How a client that has no connection tries again. */
export interface Retry {
  /** Before the first try, in milliseconds. */
  readonly interval_ms: number;
  /** What each wait is of the one before. None is longer than a minute, or `interval_ms` if that is more. @default 1.5 */
  readonly growth_rate?: number | undefined;
  /** Tries in a row before it fails for good; the first start is one of them. @default no limit */
  readonly max_retries?: number | undefined;
  /** Makes each wait up to half longer or shorter, so that many clients do not come at once. @default true */
  readonly randomized?: boolean | undefined;
}

/** What a client does without a connection. */
export type Reconnect = "none" | { readonly retry: Retry };

const RETRY = namesIn("interval_ms growth_rate max_retries randomized");
const LONGEST_WAIT_MS = 60_000;

const fixed = (initialMs: number, maxAttempts: number): ResolvedBackoff => ({
  initialMs,
  factor: 1,
  maxMs: initialMs,
  jitter: 0,
  maxAttempts,
  resetAfterMs: 0,
});

/** Reads `reconnect`; where it is left out, one try a second after a loss. @throws {TypeError | RangeError} */
export function readReconnect(from: OptionsSource): ResolvedBackoff {
  const given = from.values["reconnect"];
  if (given === undefined) return fixed(1_000, 1);
  if (given === "none") return fixed(0, 0);
  const reconnect = nested(from, "reconnect", namesIn("retry"), '"none", or an object with retry');
  const retry = nested(reconnect, "retry", RETRY);
  const isGrowth = (value: unknown): value is number => typeof value === "number" && value >= 1 && value <= 1_000;
  const initialMs = duration(retry, "interval_ms", REQUIRED, { zero: true });
  return {
    initialMs,
    factor: option(retry, "growth_rate", 1.5, isGrowth, "a number from 1 to 1000", true),
    maxMs: Math.max(initialMs, LONGEST_WAIT_MS),
    jitter: flag(retry, "randomized", true) ? 0.5 : 0,
    maxAttempts: integer(retry, "max_retries", Number.POSITIVE_INFINITY, 0),
    resetAfterMs: 0,
  };
}
