import { type CheckedReattachConfig, readReattachConfig } from "../../handshake/reattach-config.js";
import { flag } from "../../util/options/flags.js";
import { isObject } from "../../util/options/names.js";
import { mistake, type OptionsSource } from "../../util/options/source.js";

/** A plugin that another host started, to be attached to. */
export interface Reattach {
  readonly config: CheckedReattachConfig;
  readonly mayKill: boolean;
}

/**
 * What to attach to, if that is asked for instead of starting a command.
 * @throws {TypeError | RangeError}
 */
export function readReattach(from: OptionsSource): Reattach | undefined {
  const { command, reattach } = from.values;
  if ((command === undefined) === (reattach === undefined)) {
    const given = command === undefined ? "neither is given" : "both are given";
    throw mistake(from, `it takes either command or reattach, and ${given}`);
  }
  if (reattach === undefined) return undefined;
  const config = readReattachConfig(from, "reattach");
  // In a text it is of no effect: the plugin or its host wrote that.
  const mayKill = isObject(reattach) && flag({ ...from, prefix: "reattach.", values: reattach }, "mayKill", false);
  if (mayKill && config.pid === process.pid) throw mistake(from, "reattach.mayKill is true, and the plugin is this very process");
  return { config, mayKill };
}
