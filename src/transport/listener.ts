import type { IncomingMessage } from "node:http";
import type { Server } from "node:net";
import type { Address, TransportName } from "../util/address.js";
import type { Channel } from "../wire/channel.js";
import type { ResolvedLimits } from "../wire/limits.js";
import type { TlsOptions } from "./tls.js";
import type { UpgradePolicy } from "./upgrade-policy.js";

export interface ListenOptions {
  readonly transport: TransportName;
  /** Name or address to listen on, where the transport is not `unix`. The caller decides which machines may reach it. */
  readonly host: string;
  /** Ends included; both 0: any port. */
  readonly minPort: number;
  readonly maxPort: number;
  /** Private directory, where the transport is `unix`. */
  readonly unixSocketDir: string | undefined;
  readonly limits: ResolvedLimits;
  /** How many connections the system keeps that were not accepted yet. @default that of Node.js, 511 */
  readonly backlog?: number | undefined;
  /** @default no TLS */
  readonly tls?: TlsOptions | undefined;
  /** Which requests become WebSockets. @default all but those with an Origin */
  readonly upgrades?: UpgradePolicy | undefined;
  /** How many connections at one time may not have proven themselves; at one more the oldest is closed. @default 64 */
  readonly maxUnauthenticated?: number | undefined;
  /** @param request By which a WebSocket was asked for. */
  onChannel(channel: Channel, request?: IncomingMessage): void;
}

export interface Listener {
  readonly address: Address;
  readonly protocol: "jsonrpc" | "jsonrpc+ws";
  /** Takes no more connections; those that have proven themselves live on. Idempotent. */
  close(): Promise<void>;
}

/** The way to end a server once. */
export function closer(server: Server): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => (closed ??= new Promise((resolve) => server.close(() => resolve())));
}
