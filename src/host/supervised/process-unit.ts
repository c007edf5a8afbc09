import { PluginClient } from "../../client/client.js";
import type { JsonRpcLink } from "../../client/json-rpc-link.js";
import type { Hosted } from "../../client/options/hosted.js";
import { type ClientOptions, resolveClientOptions } from "../../client/options/options.js";
import type { PluginError } from "../../errors.js";
import type { Connection, PeerConnection } from "../../peer/connection.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import type { Peer } from "../../peer/peer.js";
import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import type { LiveUnit } from "./live-unit.js";

/** A plugin's process, once it is ready. */
export class ProcessUnit implements LiveUnit {
  readonly connection: PeerConnection;
  readonly closed: Promise<CloseReason>;
  readonly pid: number | undefined;
  readonly #client: PluginClient;

  constructor(client: PluginClient, connection: PeerConnection) {
    this.#client = client;
    this.connection = connection;
    this.closed = client.closed;
    this.pid = client.pid;
  }

  get peer(): Peer {
    return this.connection.peer;
  }

  stop(): Promise<unknown> {
    return this.#client.kill();
  }

  drain(timeoutMs: number): Promise<unknown> {
    return this.#client.drain({ timeoutMs });
  }
}

export interface ProcessOptions {
  /** What it goes by in sentences. */
  readonly shown: string;
  readonly hosted: Omit<Hosted, "onLink">;
  onLink(connection: PeerConnection): void;
}

/** Starts a plugin's process. @throws {PluginError} Why it did not; nothing of it is left then. */
export async function startProcess(
  options: ClientOptions,
  { shown, hosted, onLink: tell }: ProcessOptions,
  signal: AbortSignal,
): Promise<ProcessUnit> {
  let connection: PeerConnection | undefined;
  // A plugin of this host speaks JSON-RPC: what speaks another protocol has no bus.
  const onLink = (link: Connection): void => {
    connection = link as JsonRpcLink;
    tell(connection);
  };
  const client = new PluginClient({ ...resolveClientOptions(options), shown, hosted: { ...hosted, onLink } });
  const onAbort = (): void => void client.kill();
  addAbortTask(signal, onAbort);
  try {
    await client.start();
    return new ProcessUnit(client, connection as unknown as PeerConnection);
  } catch (error) {
    // A start that was given up rejects at once, and what it had begun takes a moment longer to be gone.
    await client.kill();
    throw error as PluginError;
  } finally {
    removeAbortTask(signal, onAbort);
  }
}
