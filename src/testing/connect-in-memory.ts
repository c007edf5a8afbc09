import type { Implementation } from "../contract/implement.js";
import { readImplementations } from "../contract/implementations.js";
import type { Awaitable } from "../contract/views.js";
import { type Connection, PeerConnection } from "../peer/connection.js";
import { announceProvided } from "../peer/provided.js";
import { memoryChannels } from "../transport/memory.js";
import { systemClock } from "../util/clock.js";
import { silentLogger } from "../util/logger.js";
import { callback } from "../util/options/functions.js";
import { namesIn } from "../util/options/names.js";
import { readOptions } from "../util/options/source.js";
import { resolveLimits } from "../wire/limits.js";

export interface InMemoryOptions {
  /** What the plugin provides. */
  readonly provides: readonly Implementation[];
  /** What the host provides to it. @default [] */
  readonly hostProvides?: readonly Implementation[] | undefined;
  /** The plugin's own `configure`, as given to serve(); it gets `config` before anything is called. */
  readonly configure?: ((config: unknown) => Awaitable<void>) | undefined;
  /** @default {} */
  readonly config?: unknown;
}

const NAMES: ReadonlySet<string> = namesIn("provides hostProvides configure config");

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
  const from = readOptions("Cannot connect in memory", options, NAMES);
  const configure = callback<NonNullable<InMemoryOptions["configure"]>, undefined>(from, "configure", undefined);
  const pluginProvides = readImplementations(from, "provides");
  const hostProvides = options.hostProvides === undefined ? [] : readImplementations(from, "hostProvides");
  const { config = {} } = options;
  const [hostEnd, pluginEnd] = memoryChannels();
  const shared = { limits: resolveLimits(from), clock: systemClock, logger: silentLogger, validate: true, callTimeoutMs: 60_000 };
  const host = new PeerConnection(hostEnd, { ...shared, other: "the plugin in memory" });
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
