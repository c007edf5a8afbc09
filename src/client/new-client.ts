import { type Client, PluginClient } from "./client.js";
import { type ClientOptions, resolveClientOptions } from "./options/options.js";

/**
 * Prepares a client for one plugin. Does no I/O: the first start() or dispense() spawns it.
 *
 * The options are read once and never changed, and may serve for another client.
 * @throws {TypeError | RangeError} If an option is unknown or wrong.
 * @example await using client = NewClient({ command: "./plugin.js" });
 */
export function NewClient(options: ClientOptions): Client {
  return new PluginClient(resolveClientOptions(options));
}
