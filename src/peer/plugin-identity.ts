import type { PluginIdentity } from "../contract/views.js";
import { processCounter } from "../util/process-wide.js";

const nextInstance = processCounter("instance/1");

/** A plugin's identity, whose `instance` no other in this process has. */
export function newIdentity(id: string): PluginIdentity {
  return Object.freeze({ id, instance: String(nextInstance()) });
}
