import { loadTracing } from "../../handshake/trace-context.js";
import { dialUrl } from "../../transport/dial-url.js";
import { systemClock } from "../../util/clock.js";
import { type ConnectOptions, resolveConnectOptions } from "./connect-options.js";
import { Dialler } from "./dialler.js";
import type { HostConnection } from "./host-connection.js";

/** What connect() does. */
export async function dialHost(given: ConnectOptions): Promise<HostConnection> {
  const options = resolveConnectOptions(given);
  const { url, id, tls, limits } = options;
  const dial = (signal: AbortSignal): ReturnType<typeof dialUrl> =>
    dialUrl(url, { limits, signal, webSocket: { headers: { "plugin-id": id } }, ...(tls && { tls }) });
  return new Dialler(options, { clock: systemClock, tracing: await loadTracing(), random: Math.random, dial }).start();
}
