import { type Implementation, readImplementations } from "../contract/implement.js";
import type { Awaitable } from "../contract/views.js";
import { type Connection, PeerConnection } from "../peer/connection.js";
import { newIdentity } from "../peer/plugin-identity.js";
import { announceProvided } from "../peer/provided.js";
import { memoryChannels } from "../transport/memory.js";
import { systemClock } from "../util/clock.js";
import { silentLogger } from "../util/logger.js";
import { faultOfOptions } from "../util/plain-options.js";
import { showValue } from "../util/show-value.js";
import { resolveLimits } from "../wire/limits.js";

/** Both ends of a connection in memory. */
export interface InMemoryOptions {
  /** What the plugin provides. */
  readonly provides: readonly Implementation[];
  /** What the host provides to it. @default [] */
  readonly hostProvides?: readonly Implementation[] | undefined;
  /** The plugin's own `configure`, as given to serve(); it gets `config` before anything is called. @default accepts everything */
  readonly configure?: ((config: unknown) => Awaitable<void>) | undefined;
  /** What `configure` is given, as JSON makes it. @default {} */
  readonly config?: unknown;
}

const NAMES = new Set(["provides", "hostProvides", "configure", "config"]);

/**
 * Resolves with a host's connection to implementations in this process: no process, no socket, the same messages.
 *
 * Values cross as JSON text, as they do between processes. Rejects with what `configure` throws.
 * @throws {TypeError} An option that is unknown or wrong.
 * @example
 * await using connection = await connectInMemory({ provides: [greeterImplementation] });
 * expect(await connection.dispense(greeter).greet({ name: "test" })).toBe("Hello, test!");
 */
export async function connectInMemory(options: InMemoryOptions): Promise<Connection> {
  const { configure, config = {} } = checkOptions(options);
  const pluginProvides = readImplementations(options.provides, "provides");
  const hostProvides = readImplementations(options.hostProvides ?? [], "hostProvides");
  const [hostEnd, pluginEnd] = memoryChannels();
  const shared = { limits: resolveLimits(), clock: systemClock, logger: silentLogger, validate: true, callTimeoutMs: 60_000 };
  const host = new PeerConnection(hostEnd, { ...shared, identity: newIdentity("in-memory"), other: "the plugin in memory" });
  const plugin = new PeerConnection(pluginEnd, { ...shared, other: "the host in memory" });
  host.learn({ provided: announceProvided(pluginProvides) });
  plugin.learn({ provided: announceProvided(hostProvides) });
  host.provide(hostProvides);
  plugin.provide(pluginProvides);
  for (const { peer } of [host, plugin]) peer.trust();
  host.peer.activate();
  try {
    // A copy, as it would be behind a socket.
    await configure?.(JSON.parse(JSON.stringify(config)));
  } catch (error) {
    await Promise.all([host.close(), plugin.close()]);
    throw error;
  }
  plugin.peer.activate();
  return host;
}

function checkOptions(options: InMemoryOptions): InMemoryOptions {
  const fault = faultOfOptions(options, NAMES);
  if (fault !== undefined) throw new TypeError(`Cannot connect in memory: ${fault}`);
  const { configure } = options;
  if (configure === undefined || typeof configure === "function") return options;
  throw new TypeError(`Cannot connect in memory: configure is ${showValue(configure)}, and it must be a function`);
}
