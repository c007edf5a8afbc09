import { chmodSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { type Address, isPipe, longestSocketPath } from "../util/address.js";
import type { Listener, ListenOptions } from "./listener.js";
import { closer } from "./listener.js";
import { bindInRange } from "./port-range.js";
import { socketChannel } from "./socket.js";
import type { TlsOptions } from "./tls.js";
import { UnauthenticatedConnections } from "./unauthenticated-connections.js";

/**
 * Listens on a port of a host, or on a unix socket that this user alone can open.
 * @throws {Error} Every port of the range is taken, the path is too long, or the system's own error.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  if (options.transport === "websocket") {
    const { listenWebSocket } = await import("./listen-websocket.js");
    return listenWebSocket(options);
  }
  const unauthenticated = new UnauthenticatedConnections(options.limits.helloTimeoutMs, options.maxUnauthenticated);
  const server =
    options.tls === undefined ? createSocketServer(options, unauthenticated) : await tlsServer(options, unauthenticated, options.tls);
  const address = await bind(server, options);
  const close = closer(server);
  return {
    address,
    protocol: "jsonrpc",
    close() {
      unauthenticated.turnAllAway();
      return close();
    },
  };
}

function createSocketServer({ limits: { stallTimeoutMs }, onChannel }: ListenOptions, unauthenticated: UnauthenticatedConnections): Server {
  return createServer((socket: Socket) => {
    unauthenticated.accept(socket);
    const channel = socketChannel(socket, { stallTimeoutMs, onAllowed: () => unauthenticated.release(socket) });
    unauthenticated.add(socket, (why) => channel.close(1008, why));
    onChannel(channel);
  });
}

async function tlsServer(options: ListenOptions, unauthenticated: UnauthenticatedConnections, tls: TlsOptions): Promise<Server> {
  const { createTlsServer } = await import("./listen-tls.js");
  return createTlsServer(options, unauthenticated, tls);
}

function bind(server: Server, options: ListenOptions): Promise<Address> {
  return options.transport === "unix" ? bindUnix(server, options.unixSocketDir as string) : bindInRange(server, options);
}

async function bindUnix(server: Server, dir: string): Promise<Address> {
  const path = join(dir, "s");
  // The system cuts longer paths without a word, and listens under another name.
  const mostBytes = longestSocketPath();
  if (Buffer.byteLength(path) > mostBytes && !isPipe(path)) {
    throw new Error(`Cannot listen on "${path}": a socket's path is at most ${mostBytes} bytes, so its directory must be shorter`);
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  // Not of node:fs/promises, which would cost every start 3 ms.
  if (!isPipe(path)) chmodSync(path, 0o600);
  return { network: "unix", path };
}
