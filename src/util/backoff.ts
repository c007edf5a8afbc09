/** How long to wait before trying again, for restarts and for dialling again. */
export interface Backoff {
  /** Before the first try, in milliseconds. @default 250 */
  readonly initialMs?: number | undefined;
  /** What each delay is of the one before. @default 2 */
  readonly factor?: number | undefined;
  /** No delay is longer, in milliseconds. @default 30_000 */
  readonly maxMs?: number | undefined;
  /** Share of each delay that is random, from 0 to 1: a delay is that much longer or shorter at most. @default 0.2 */
  readonly jitter?: number | undefined;
  /** Tries in a row before giving up. @default 5 */
  readonly maxAttempts?: number | undefined;
  /** Having been well for so long, in milliseconds, the count begins anew. @default 30_000 */
  readonly resetAfterMs?: number | undefined;
}
export type ResolvedBackoff = { readonly [K in keyof Backoff]-?: NonNullable<Backoff[K]> };

/**
 * The delay before try number `attempt` (the first is 0), in milliseconds.
 * @param random From 0 to 1, as Math.random() gives it: handed in, so that the same input has the same delay.
 */
export function backoffMs(attempt: number, { initialMs, factor, maxMs, jitter }: ResolvedBackoff, random: number): number {
  const delay = Math.min(maxMs, initialMs * factor ** Math.min(attempt, 1_000));
  return Math.max(0, delay * (1 + jitter * (2 * random - 1)));
}
