/** How long a host that says to stop gives calls that run, where it does not say so, in milliseconds. */
export const DEFAULT_GRACE_MS: number = 2_000;

// A call that never ends must not cost the plugin its clean-up. A host sends SIGTERM once the time is over, and SIGKILL after as much again.
const CLEAN_UP_MS = 1_000;
const CLEAN_UP_SHARE = 3 / 4;

/** How long calls have that run in a plugin which is told to stop, in milliseconds. @param params Those of `rpc.shutdown`. */
export function graceOf(params: unknown): number {
  const asked = (params as { graceMs?: unknown } | undefined)?.graceMs;
  return typeof asked === "number" && asked >= 0 ? asked : DEFAULT_GRACE_MS;
}

/** How long the clean-up has then. @param spentMs What the calls took of the time. */
export function cleanUpOf(graceMs: number, spentMs: number): number {
  return Math.max(graceMs - spentMs, Math.min(CLEAN_UP_MS, graceMs * CLEAN_UP_SHARE));
}
