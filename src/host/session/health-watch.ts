import { isPluginError, PluginError } from "../../errors.js";
import type { Peer } from "../../peer/peer.js";
import type { Clock } from "../../util/clock.js";
import { HEALTH } from "../../wire/messages.js";
import type { ResolvedHealth } from "../options/resolve-spec.js";

/** How a plugin is, as it said when it was last asked. */
export interface Health {
  readonly ok: boolean;
  readonly message?: string;
  readonly at: Date;
}

const MAX_MESSAGE = 1_024;

/** Asks a plugin how it is. Undefined where it has no way to say. Never rejects. */
export async function askHealth(peer: Peer, timeoutMs: number): Promise<Health | undefined> {
  try {
    const answer = (await peer.call(HEALTH, undefined, { timeoutMs })) as { readonly ok?: unknown; readonly message?: unknown } | null;
    const { ok, message } = answer ?? {};
    const text = typeof message === "string" ? { message: message.slice(0, MAX_MESSAGE) } : {};
    return { ok: ok !== false, ...text, at: new Date() };
  } catch (error) {
    if (isPluginError(error, "NOT_PROVIDED")) return undefined;
    return { ok: false, message: (error as Error).message.slice(0, MAX_MESSAGE), at: new Date() };
  }
}

export interface HealthWatchOptions {
  readonly peer: Peer;
  readonly policy: ResolvedHealth;
  readonly clock: Pick<Clock, "after">;
  onHealth(health: Health): void;
  /** It was not well so often in a row. */
  onUnhealthy(error: PluginError): void;
}

/** Asks a plugin again and again how it is. Returns the way to end that. */
export function watchHealth({ peer, policy, clock, onHealth, onUnhealthy }: HealthWatchOptions): () => void {
  let bad = 0;
  let ended = false;
  let cancel = (): void => {};
  const ask = async (): Promise<void> => {
    const health = await askHealth(peer, policy.timeoutMs);
    // One that cannot say how it is is asked once.
    if (ended || health === undefined || !peer.open) return;
    onHealth(health);
    bad = health.ok ? 0 : bad + 1;
    if (bad < policy.unhealthyAfter) cancel = clock.after(policy.everyMs, () => void ask());
    else
      onUnhealthy(
        new PluginError(
          "CONNECTION_LOST",
          `it was not well ${bad} times in a row${health.message === undefined ? "" : `: ${health.message}`}`,
        ),
      );
  };
  cancel = clock.after(policy.everyMs, () => void ask());
  return () => {
    ended = true;
    cancel();
  };
}
