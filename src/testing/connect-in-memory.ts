import type { ConfigureContext } from "../contract/context.js";
import type { Implementation } from "../contract/implement.js";
import { readImplementations } from "../contract/implementations.js";
import type { Awaitable } from "../contract/views.js";
import { configureContext } from "../peer/configure-context.js";
import type { Connection } from "../peer/connection.js";
import { connectPair } from "../peer/pair.js";
import { newIdentity } from "../peer/plugin-identity.js";
import { systemClock } from "../util/clock.js";
import { silentLogger } from "../util/logger.js";
import { callback } from "../util/options/functions.js";
import { namesIn } from "../util/options/names.js";
import { readOptions } from "../util/options/source.js";
import { readValues } from "../util/options/values.js";
import { ReceivedAttachments } from "../wire/attachments.js";
import { type ResolvedLimits, resolveLimits } from "../wire/limits.js";
import { extract, lendNothing, type ValueRules } from "../wire/references/extract.js";
import { restore } from "../wire/references/restore.js";

/** Both ends of a connection in memory. */
export interface InMemoryOptions {
  /** What the plugin provides. */
  readonly provides: readonly Implementation[];
  /** What the host provides to it. @default [] */
  readonly hostProvides?: readonly Implementation[] | undefined;
  /** The plugin's own `configure`, as given to serve(); it gets `config` before anything is called. @default accepts everything */
  readonly configure?: ((config: unknown, context: ConfigureContext) => Awaitable<void>) | undefined;
  /** What `configure` is given, as JSON makes it. @default {} */
  readonly config?: unknown;
  /**
   * What becomes of what JSON would change without a word: NaN and Infinity, symbols, promises, Maps, Sets, Errors, typed arrays and the
   * like. `"strict"` refuses a value that holds one, with the path to it; `"json"` sends what JSON makes of it: null, `{}` or nothing.
   * @default "strict"
   * @throws {TypeError} If it is another.
   */
  readonly values?: "strict" | "json" | undefined;
}

const NAMES: ReadonlySet<string> = namesIn("provides hostProvides configure config values");

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
  const values = readValues(from);
  const limits = resolveLimits(from);
  const shared = { limits, clock: systemClock, logger: silentLogger, validate: true, values, callTimeoutMs: 60_000 };
  const [host, plugin] = connectPair(
    { ...shared, provides: hostProvides, identity: newIdentity("in-memory"), other: "the plugin in memory" },
    { ...shared, provides: pluginProvides, other: "the host in memory", active: false },
  );
  try {
    await configure?.(copyOf(config, limits, values), configureContext(plugin));
  } catch (error) {
    await Promise.all([host.close(), plugin.close()]);
    throw error;
  }
  plugin.peer.activate();
  return host;
}

/** A configuration as it is behind a socket. @throws {Error} It cannot be sent. */
function copyOf(config: unknown, { maxMessageBytes }: ResolvedLimits, rules: ValueRules): unknown {
  const { value, refs } = extract(config, lendNothing, undefined, rules);
  const attachments = new ReceivedAttachments(undefined, maxMessageBytes);
  return restore(JSON.parse(JSON.stringify(value)), refs, ({ bytes }) => attachments.bytes(bytes));
}
