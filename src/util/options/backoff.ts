import type { ResolvedBackoff } from "../backoff.js";
import { duration, integer } from "./numbers.js";
import { nested, type OptionsSource, option } from "./source.js";

const NAMES = ["initialMs", "factor", "maxMs", "jitter", "maxAttempts", "resetAfterMs"] as const;
const ALONE: ReadonlySet<string> = /* @__PURE__ */ new Set(NAMES);

/**
 * An option that says how long to wait before trying again, with the defaults of Backoff.
 * @param maxAttempts Where it is left out.
 * @throws {TypeError | RangeError}
 */
export function readBackoff(from: OptionsSource, name: string, maxAttempts: number): ResolvedBackoff {
  return backoffIn(nested(from, name, ALONE, `false, or an object with ${NAMES.join(", ")}`), maxAttempts);
}

/** The same of an object that is being read, and has more in it. */
export function backoffIn(at: OptionsSource, maxAttempts: number): ResolvedBackoff {
  const isFactor = (value: unknown): value is number => typeof value === "number" && value >= 1 && value <= 1_000;
  const isShare = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= 1;
  return {
    initialMs: duration(at, "initialMs", 250, { zero: true }),
    factor: option(at, "factor", 2, isFactor, "a number from 1 to 1000"),
    maxMs: duration(at, "maxMs", 30_000, { zero: true }),
    jitter: option(at, "jitter", 0.2, isShare, "a number from 0 to 1"),
    maxAttempts:
      at.values["maxAttempts"] === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : integer(at, "maxAttempts", maxAttempts, 0),
    resetAfterMs: duration(at, "resetAfterMs", 30_000, { zero: true }),
  };
}
