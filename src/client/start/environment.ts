import { MagicCookieKey } from "../../handshake/constants.js";
import { isHandshakeName, type PluginEnv, writePluginEnv } from "../../handshake/env.js";
import { handsOverDescriptors, LIFELINE_FD } from "../../process/spawn-child.js";
import type { ResolvedClientOptions } from "../options/options.js";

/** What a plugin finds in its environment: what is inherited, then the caller's own, then the handshake's. */
export function pluginEnvironment(
  { inheritEnv, env, handshake }: ResolvedClientOptions,
  plugin: PluginEnv,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const result: Record<string, string> = {};
  const replaced = new Set(Object.keys(env).map(asKnown));
  for (const [name, value] of Object.entries(inherited)) {
    // This host may be a plugin itself: what it was told by its own host is not for its plugins.
    const own = name === MagicCookieKey || isHandshakeName(name, handshake);
    if (value !== undefined && isInherited(name, inheritEnv) && !own && !replaced.has(asKnown(name))) result[name] = value;
  }
  return { ...result, ...env, ...writePluginEnv(plugin, handshake) };
}

/** One variable of the plugin's, of those that the handshake has no use for: to list them all takes a start a third of a millisecond. */
export function pluginVariable(
  name: string,
  { inheritEnv, env }: ResolvedClientOptions,
  inherited: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return env[name] ?? (isInherited(name, inheritEnv) ? inherited[name] : undefined);
}

function isInherited(name: string, inheritEnv: boolean | readonly string[]): boolean {
  return typeof inheritEnv === "boolean" ? inheritEnv : inheritEnv.some((each) => asKnown(each) === asKnown(name));
}

// Windows takes "Path" and "PATH" for one name, and writes the first.
function asKnown(name: string): string {
  return process.platform === "win32" ? name.toUpperCase() : name;
}

/** By whose end the plugin knows that this host is gone. A descriptor of its own, for children of the plugin read its stdin. A runtime of the user's has stdin alone to hand over. */
export function lifelineOf({ runtime, stdio }: ResolvedClientOptions): PluginEnv["lifeline"] {
  if (runtime === undefined && handsOverDescriptors()) return LIFELINE_FD;
  return stdio.stdin === undefined ? "stdin" : undefined;
}

/** Where programs are looked for. */
export function pathOf(env: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(env).find(([name]) => asKnown(name) === "PATH")?.[1];
}
