import { backoffMs, type ResolvedBackoff } from "../../util/backoff.js";

/** How a try to reach a host, or the connection that came of it, has ended. */
export type DialEnd =
  /** A connection is over. `code` is that of the other side's close frame; undefined where this side found that it broke. */
  | { readonly kind: "closed"; readonly code: number | undefined; readonly retryAfterMs?: number | undefined }
  /** The request for a WebSocket was answered by another status. */
  | { readonly kind: "http"; readonly status: number; readonly retryAfterMs?: number | undefined }
  /** Nobody answered there, or not in time. */
  | { readonly kind: "unreachable" }
  /** It gets no better by itself. */
  | { readonly kind: "final" };

// Going away; no close frame; a fault of the host's own; it restarts; not now.
const AGAIN: ReadonlySet<number> = new Set([1001, 1006, 1011, 1012, 1013]);
// What a host asks for is waited for, but not for ever: it may have meant another unit, or mean no good.
const LONGEST_ASKED_MS = 3_600_000;

/** Says whether a host is dialled again, and when. Knows no clock: times are handed in. */
export class RedialPolicy {
  readonly #backoff: ResolvedBackoff | false;
  readonly #random: () => number;
  /** Tries in a row. */
  #attempts = 0;

  constructor(backoff: ResolvedBackoff | false, random: () => number = Math.random) {
    this.#backoff = backoff;
    this.#random = random;
  }

  /**
   * In how many milliseconds to dial again; undefined: not any more.
   * @param aliveMs For how long a connection had been ready; 0 if it never was.
   */
  next(end: DialEnd, aliveMs: number): number | undefined {
    if (this.#backoff === false || !isWorthIt(end)) return undefined;
    if (aliveMs >= this.#backoff.resetAfterMs && aliveMs > 0) this.#attempts = 0;
    if (this.#attempts >= this.#backoff.maxAttempts) return undefined;
    const asked = "retryAfterMs" in end ? end.retryAfterMs : undefined;
    const random = this.#random();
    // Many that were told the same come apart again, and none of them too early.
    if (asked !== undefined) return Math.min(asked, LONGEST_ASKED_MS) * (1 + this.#backoff.jitter * random);
    return backoffMs(this.#attempts++, this.#backoff, random);
  }
}

function isWorthIt(end: DialEnd): boolean {
  switch (end.kind) {
    case "closed":
      return end.code === undefined || AGAIN.has(end.code);
    case "http":
      return end.status === 408 || end.status === 429 || end.status >= 500;
    case "unreachable":
      return true;
    case "final":
      return false;
  }
}

/** What `Retry-After` asks for, in milliseconds from now: seconds or a date. Undefined where it says neither. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
