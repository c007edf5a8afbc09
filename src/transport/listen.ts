import { chmod } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Address, TransportName } from "../wire/address.js";
import type { Channel } from "../wire/channel.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { bindInRange } from "./port-range.js";
import { socketChannel } from "./socket.js";
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

/** Strangers in front of the door at one time. A real host is never kept out: the one who waited longest goes. */
export const MOST_STRANGERS = 64;

/**
 * Listens on loopback, or on a unix socket that this user alone can open.
 * @throws {Error} Every port of the range is taken, the path is too long, or the system's own error.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  if (options.transport === "websocket") {
    const { listenWebSocket } = await import("./listen-websocket.js");
    return listenWebSocket(options);
  }
  if (options.tls !== undefined) return listenTls(options, options.tls);
  const server = createServer((socket: Socket) => options.onChannel(socketChannel(socket, options.limits)));
  return { address: await bind(server, options), protocol: "jsonrpc", close: closer(server) };
}

async function listenTls(options: ListenOptions, tls: TlsOptions): Promise<Listener> {
  const { createTlsServer } = await import("./listen-tls.js");
  const { server, strangers } = createTlsServer(options, tls);
  const address = await bind(server, options);
  const close = closer(server);
  return {
    address,
    protocol: "jsonrpc",
    close() {
      strangers.turnAllAway();
      return close();
    },
  };
}

function bind(server: Server, options: ListenOptions): Promise<Address> {
  return options.transport === "unix" ? bindUnix(server, options.unixSocketDir as string) : bindInRange(server, options);
}

async function bindUnix(server: Server, dir: string): Promise<Address> {
  const path = join(dir, "s");
  // The system cuts longer paths without a word, and listens under another name.
  if (Buffer.byteLength(path) > 107) {
    throw new Error(`Cannot listen on "${path}": a socket's path is at most 107 bytes, so its directory must be shorter`);
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  await chmod(path, 0o600);
  return { network: "unix", path };
}

/** The way to end a server once. */
export function closer(server: Server): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => (closed ??= new Promise((resolve) => server.close(() => resolve())));
}
