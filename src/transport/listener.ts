import type { Server } from "node:net";
import type { Address, TransportName } from "../util/address.js";
import type { Channel } from "../wire/channel.js";
import type { ResolvedLimits } from "../wire/limits.js";
import type { TlsOptions } from "./tls.js";

export interface ListenOptions {
  readonly transport: TransportName;
  /** Ends included; both 0: any port. */
  readonly minPort: number;
  readonly maxPort: number;
  /** Private directory, where the transport is `unix`. */
  readonly unixSocketDir: string | undefined;
  readonly limits: ResolvedLimits;
  /** @default no TLS */
  readonly tls?: TlsOptions | undefined;
  onChannel(channel: Channel): void;
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
