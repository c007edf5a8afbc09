import type { CheckedReattachConfig } from "../../handshake/reattach-config.js";
import { checkReattachConfig } from "../../handshake/reattach-config.js";
import { checkFlag } from "./option-checks.js";

/** A plugin that another host started, to be attached to. */
export interface Reattach {
  readonly config: CheckedReattachConfig;
  readonly mayKill: boolean;
}

/** What to attach to, if that is asked for instead of starting a command. */
export function checkReattach({ command, reattach }: { readonly command?: unknown; readonly reattach?: unknown }): Reattach | undefined {
  if ((command === undefined) === (reattach === undefined)) {
    const given = command === undefined ? "neither is given" : "both are given";
    throw new TypeError(`Cannot create a client: it takes either command or reattach, and ${given}`);
  }
  if (reattach === undefined) return undefined;
  let config: Reattach["config"];
  try {
    config = checkReattachConfig(reattach);
  } catch (error) {
    throw new TypeError(`Cannot create a client: reattach cannot be used: ${(error as Error).message}`);
  }
  const mayKill = checkFlag("reattach.mayKill", (reattach as { readonly mayKill?: unknown }).mayKill, false);
  if (mayKill && config.pid === process.pid) {
    throw new TypeError("Cannot create a client: reattach.mayKill is true, and the plugin is this very process");
  }
  return { config, mayKill };
}
