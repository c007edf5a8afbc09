import { type Implementation, readImplementations } from "../contract/implement.js";
import type { Awaitable } from "../contract/views.js";
import type { Connection } from "../peer/connection.js";
import { connectPair } from "../peer/pair.js";
import { newIdentity } from "../peer/plugin-identity.js";
import { systemClock } from "../util/clock.js";
import { silentLogger } from "../util/logger.js";
import { faultOfOptions } from "../util/plain-options.js";
import { showValue } from "../util/show-value.js";
import { ReceivedAttachments } from "../wire/attachments.js";
import { resolveLimits } from "../wire/limits.js";
import { extract, lendNothing } from "../wire/references/extract.js";
import { restore } from "../wire/references/restore.js";

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
  const shared = { limits: resolveLimits(), clock: systemClock, logger: silentLogger, validate: true, callTimeoutMs: 60_000 };
  const [host, plugin] = connectPair(
    { ...shared, provides: hostProvides, identity: newIdentity("in-memory"), other: "the plugin in memory" },
    { ...shared, provides: pluginProvides, other: "the host in memory", active: false },
  );
  try {
    await configure?.(copyOf(config));
  } catch (error) {
    await Promise.all([host.close(), plugin.close()]);
    throw error;
  }
  plugin.peer.activate();
  return host;
}

/** A configuration as it is behind a socket. @throws {Error} It cannot be sent. */
function copyOf(config: unknown): unknown {
  const { value, refs } = extract(config, lendNothing);
  const { maxMessageBytes } = resolveLimits();
  const attachments = new ReceivedAttachments(undefined, maxMessageBytes);
  return restore(JSON.parse(JSON.stringify(value)), refs, ({ bytes }) => attachments.bytes(bytes));
}

function checkOptions(options: InMemoryOptions): InMemoryOptions {
  const fault = faultOfOptions(options, NAMES);
  if (fault !== undefined) throw new TypeError(`Cannot connect in memory: ${fault}`);
  const { configure } = options;
  if (configure === undefined || typeof configure === "function") return options;
  throw new TypeError(`Cannot connect in memory: configure is ${showValue(configure)}, and it must be a function`);
}
