import { chmod } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Address, TransportName } from "../wire/address.js";
import type { Channel } from "../wire/channel.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { bindInRange } from "./port-range.js";
import { socketChannel } from "./socket.js";
import { Strangers } from "./strangers.js";
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

/**
 * Listens on loopback, or on a unix socket that this user alone can open.
 * @throws {Error} Every port of the range is taken, the path is too long, or the system's own error.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  if (options.transport === "websocket") {
    const { listenWebSocket } = await import("./listen-websocket.js");
    return listenWebSocket(options);
  }
  const strangers = new Strangers(options.limits.helloTimeoutMs);
  const server = options.tls === undefined ? createSocketServer(options, strangers) : await tlsServer(options, strangers, options.tls);
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

function createSocketServer({ limits: { stallTimeoutMs }, onChannel }: ListenOptions, strangers: Strangers): Server {
  return createServer((socket: Socket) => {
    strangers.accept(socket);
    const channel = socketChannel(socket, { stallTimeoutMs, onAllowed: () => strangers.release(socket) });
    strangers.add(socket, (why) => channel.close(1008, why));
    onChannel(channel);
  });
}

async function tlsServer(options: ListenOptions, strangers: Strangers, tls: TlsOptions): Promise<Server> {
  const { createTlsServer } = await import("./listen-tls.js");
  return createTlsServer(options, strangers, tls);
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
