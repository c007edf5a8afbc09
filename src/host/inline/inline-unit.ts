import type { ImplementationRecord } from "../../contract/implement.js";
import { PluginError, StartError } from "../../errors.js";
import type { PeerConnection } from "../../peer/connection.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import { textOfThrown } from "../../peer/errors/remote-error.js";
import { connectPair } from "../../peer/pair.js";
import type { Peer } from "../../peer/peer.js";
import type { PeerOptions } from "../../peer/peer-options.js";
import { declare } from "../../peer/topics/declared.js";
import { abortable } from "../../util/abort.js";
import { CONFIGURE } from "../../wire/messages.js";
import type { ResolvedInline } from "../options/resolve-spec.js";
import type { LiveUnit } from "../supervised/live-unit.js";

/** A plugin in this program, behind two peers that are joined in memory: what works here works in a process. */
export class InlineUnit implements LiveUnit {
  readonly connection: PeerConnection;
  readonly closed: Promise<CloseReason>;
  readonly pid = undefined;
  readonly #plugin: PeerConnection;

  constructor(connection: PeerConnection, plugin: PeerConnection) {
    this.connection = connection;
    this.#plugin = plugin;
    this.closed = connection.closed;
  }

  get peer(): Peer {
    return this.connection.peer;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#plugin.close(), this.connection.close()]);
  }

  async drain(timeoutMs: number): Promise<void> {
    await this.#plugin.peer.drain(timeoutMs);
    await this.stop();
  }
}

export interface InlineOptions {
  readonly spec: ResolvedInline;
  readonly settings: unknown;
  readonly hostProvides: readonly ImplementationRecord[];
  /** Of both ends. */
  readonly shared: Omit<PeerOptions, "other" | "identity" | "authorize">;
  readonly host: Pick<PeerOptions, "identity" | "authorize">;
  onLink(connection: PeerConnection): void;
}

/** Starts a plugin in this program. @throws {StartError} Its `configure` declined. */
export async function startInline(
  { spec, settings, hostProvides, shared, host, onLink }: InlineOptions,
  signal: AbortSignal,
): Promise<InlineUnit> {
  const { id, provides, configure } = spec;
  const hostEnd = { ...shared, ...host, plugin: id, other: `plugin "${id}"`, provides: hostProvides };
  const pluginEnd = { ...shared, plugin: id, other: "the host", provides: provides.contracts, active: false };
  const [connection, plugin] = connectPair(hostEnd, pluginEnd);
  connection.learn({ declared: declare(provides.topics) });
  plugin.provideTopics(provides.topics);
  onLink(connection);
  const abort = new AbortController();
  void plugin.closed.then(() => abort.abort(new PluginError("CONNECTION_CLOSED", "The host has stopped this plugin")));
  // A copy, as it would be behind a socket.
  const run = async (config: unknown): Promise<void> => configure(structuredClone(config), { peer: plugin, signal: abort.signal });
  plugin.peer.reserved.set(CONFIGURE, async (input) => {
    await run((input as { readonly config?: unknown } | null)?.config);
    return {};
  });
  try {
    // One that never comes to an end is given up with its start.
    await abortable(run(settings), signal);
  } catch (error) {
    await Promise.all([plugin.close(), connection.close()]);
    throw signal.aborted ? signal.reason : declined(id, error);
  }
  plugin.peer.activate();
  return new InlineUnit(connection, plugin);
}

function declined(id: string, cause: unknown): StartError {
  const { retryAfterMs } = (cause ?? {}) as { readonly retryAfterMs?: unknown };
  const details = {
    step: "ready",
    command: "inline",
    reason: "declined",
    ...(typeof retryAfterMs === "number" ? { retryAfterMs } : {}),
  } as const;
  return new StartError("START_FAILED", `Cannot start plugin "${id}": it declined to start: ${textOfThrown(cause)}`, details, { cause });
}
