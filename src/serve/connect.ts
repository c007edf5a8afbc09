import type { ConnectOptions } from "./connect/connect-options.js";
import type { HostConnection } from "./connect/host-connection.js";

/**
 * Dials a host that this plugin was not started by, and takes calls there: what `serve()` is for a plugin that a host runs. Resolves once
 * the host has taken it in. A connection that is cut off is dialled anew, with the same handlers, and `configure` runs for each; the
 * returned connection is the first of them, its `emitter` lives across all, and `close()` ends all.
 *
 * Touches nothing of the process: no exit, no signals, nothing on stdout.
 * @throws {TypeError | RangeError} An option that is unknown or wrong.
 * @throws {PluginError} The host refuses it for good: `UNAUTHORIZED`, `BAD_HANDSHAKE`, `INVALID_INPUT`; or, where it is not dialled
 *   again, `UNREACHABLE`, `BUSY` or whatever else kept it from being taken in.
 * @example await connect({ url: "ws://127.0.0.1:51234", id: "weather", token: process.env.TOKEN, provides });
 */
export async function connect(options: ConnectOptions): Promise<HostConnection> {
  const { loadDialling } = await import("./serving.js");
  return (await loadDialling()).dialHost(options);
}
