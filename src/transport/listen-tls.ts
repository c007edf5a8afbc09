import { createServer, type Server } from "node:net";
import type { ListenOptions } from "./listener.js";
import { socketChannel } from "./socket.js";
import { acceptTls, type TlsOptions } from "./tls.js";
import type { UnauthenticatedConnections } from "./unauthenticated-connections.js";

/** A server whose connections become channels once TLS is agreed. Those that have not proven themselves are few, and for a short time, TLS included. */
export function createTlsServer(
  { limits, onChannel }: ListenOptions,
  unauthenticated: UnauthenticatedConnections,
  tls: TlsOptions,
): Server {
  return createServer((socket) => {
    unauthenticated.accept(socket);
    acceptTls(socket, tls, (secured) => {
      const { stallTimeoutMs } = limits;
      const channel = socketChannel(secured, { stallTimeoutMs, onAllowed: () => unauthenticated.release(socket) });
      unauthenticated.add(socket, (why) => channel.close(1008, why));
      onChannel(channel);
    });
  });
}
