import { PluginError } from "../errors.js";
import { Heartbeat } from "../peer/heartbeat.js";
import { systemClock } from "../util/clock.js";
import type { ResolvedClientOptions } from "./options/options.js";
import { pluginVariable } from "./start/environment.js";
import type { Started } from "./start/opened.js";

/**
 * Watches a plugin's heartbeat, unless that is switched off or a debugger may stop the plugin. Returns the way to end it.
 * @param onFrozen Called once if the plugin does not answer any more.
 */
export function watchLife(started: Started, options: ResolvedClientOptions, onFrozen: (error: PluginError) => void): () => void {
  const { heartbeat, logger, shown } = options;
  if (heartbeat === false || isDebugged(options)) return () => {};
  const { link } = started;
  const beating = new Heartbeat(link.vitals, {
    ...heartbeat,
    clock: systemClock,
    onStall: (ms) => logger.warn(`Host stalled ${Math.round(ms)} ms: that is not held against plugin "${shown}"`),
    onFrozen: (ms) => {
      const sentence = `plugin "${shown}" did not answer a ping in ${Math.round(ms)} ms: it hangs, or is stopped`;
      onFrozen(new PluginError("CONNECTION_LOST", sentence));
    },
  });
  void link.closed.then(() => beating.stop());
  return () => beating.stop();
}

// At a breakpoint a plugin stands still for as long as somebody thinks.
function isDebugged(options: ResolvedClientOptions): boolean {
  if (options.reattach !== undefined) return false;
  const { command, interpreter = [], execArgv = [] } = options;
  const args = [...interpreter, ...execArgv, ...command].slice(1);
  const nodeOptions = pluginVariable("NODE_OPTIONS", options, process.env) ?? "";
  // The last is how VS Code attaches itself to whatever its terminal starts.
  const byEditor = pluginVariable("VSCODE_INSPECTOR_OPTIONS", options, process.env) !== undefined;
  return byEditor || args.some(inspects) || nodeOptions.split(/\s+/).some(inspects);
}

function inspects(arg: string): boolean {
  return /^--inspect(-brk|-wait)?(=|$)/.test(arg);
}
