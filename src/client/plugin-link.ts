import type { PluginIdentity } from "../contract/context.js";
import type { Announcement } from "../handshake/announcement.js";
import type { CallTarget } from "../peer/calls/call-target.js";
import type { Connection } from "../peer/connection.js";
import type { CloseReason } from "../peer/errors/close-reason.js";
import type { Watched } from "../peer/heartbeat.js";
import type { DialTls } from "../transport/tls.js";
import type { Address } from "../util/address.js";
import type { ResolvedClientOptions } from "./options/options.js";

/** What a client needs of its conversation with a plugin, whatever protocol that speaks. */
export interface PluginLink extends Connection {
  /** Where the calls of a remote go that is to outlive this link. */
  readonly target: CallTarget;
  /** No call waits, none runs here, and no stream is open. */
  readonly isIdle: boolean;
  /** What the heartbeat watches. */
  readonly vitals: Watched;
  /** Refuses users' calls from now on with `NOT_SENT`: the plugin is about to be asked to stop. @param why The end of their sentence. */
  leave(why: string): void;
  /**
   * Asks the plugin to stop, which it may take `graceMs` for. From then on calls are refused with `NOT_SENT`, and its going is no loss.
   * False if it cannot be asked any more.
   * @param why The end of the sentence that a refused call gets.
   */
  askToStop(graceMs: number, why: string): boolean;
  /**
   * Takes no new calls, and resolves once those that run have ended, or after `timeoutMs`, or with the connection. First those that this
   * side made, whose handlers may still call back, then those that the plugin made. Never rejects.
   * @param why As for askToStop().
   */
  drain(timeoutMs: number, why: string): Promise<void>;
  /** Says whether it keeps the program alive while no call waits: one that does always keeps it so. Until it is called, it does. */
  holdProgram(holds: boolean): void;
  /** Ends the conversation, for that reason. Idempotent; resolves when it is over. @default closed by us */
  end(reason?: CloseReason): Promise<CloseReason>;
}

/** What it takes to open a link to a plugin that has announced itself. */
export interface LinkRequest {
  readonly address: Address;
  readonly protocol: Announcement["protocol"];
  readonly tls: DialTls | undefined;
  readonly secret: string;
  readonly options: ResolvedClientOptions;
  /** Who the plugin is, for handlers here. */
  readonly identity: PluginIdentity;
  /** Gives the attempt up. */
  readonly signal: AbortSignal;
  /** Asked when the link is lost: what is known of it in a moment. */
  explain(reason: CloseReason): Promise<CloseReason>;
}

/** A link that is connected, to a program that has not yet proven to be the plugin. */
export interface UnprovenLink {
  readonly link: PluginLink;
  /**
   * Proves both sides to each other, hands over the configuration, and resolves when the plugin is ready.
   * @param onTrust Called once the plugin has proven itself; what is left is its own configuration.
   * @throws {Error} With the end of a sentence.
   */
  greet(onTrust: () => void): Promise<void>;
}

/** Opens a link of one protocol. @throws {Error} With the end of a sentence; nothing is left open then. */
export type OpenLink = (request: LinkRequest) => Promise<UnprovenLink>;
