import { createServer, type Server } from "node:net";
import type { ListenOptions } from "./listen.js";
import { socketChannel } from "./socket.js";
import type { Strangers } from "./strangers.js";
import { acceptTls, type TlsOptions } from "./tls.js";

/** A server whose connections become channels once TLS is agreed. Until they have proven themselves they are strangers. */
export function createTlsServer({ limits, onChannel }: ListenOptions, strangers: Strangers, tls: TlsOptions): Server {
  return createServer((socket) => {
    strangers.accept(socket);
    acceptTls(socket, tls, (secured) => {
      const { stallTimeoutMs } = limits;
      const channel = socketChannel(secured, { stallTimeoutMs, onAllowed: () => strangers.release(socket) });
      strangers.add(socket, (why) => channel.close(1008, why));
      onChannel(channel);
    });
  });
}
