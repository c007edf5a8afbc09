const DEFAULT_GRACE_MS = 2_000;

/** A call that never ends must not cost the plugin its clean-up: that share of the grace period is for those that run. */
export const DRAIN_SHARE: number = 3 / 4;

/** How long a plugin may take that is told to stop, in milliseconds. @param params Those of `rpc.shutdown`. */
export function graceOf(params: unknown): number {
  const asked = (params as { graceMs?: unknown } | undefined)?.graceMs;
  return typeof asked === "number" && asked >= 0 ? asked : DEFAULT_GRACE_MS;
}
