import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { PluginError } from "../errors.js";

/** What makes a connector's connections: one that dials, or one that listens. */
export interface Link {
  readonly role: "ws_server" | "ws_client";
  /** As it stands in sentences. */
  readonly shown: string;
  /** Where it listens; undefined on a client. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** Resolves once connected or listening. @throws {PluginError} Rejects where it failed for good. */
  open(owner: LinkOwner): Promise<void>;
  /** Resolves once there is a connection, or a listener. */
  resume(): Promise<void>;
  /** One of its connections has ended. */
  lost(problem: string): void;
  /** Makes no more connections. Idempotent. */
  close(): Promise<void>;
}

/** What a link tells. */
export interface LinkOwner {
  /** Connections are wanted at the moment. */
  readonly mayConnect: boolean;
  connected(webSocket: WebSocket, socket: Socket, tls: boolean): void;
  connectivityIs(connectivity: "connected" | "disconnected"): void;
  /** It tries no more. */
  failed(error: PluginError): void;
}
