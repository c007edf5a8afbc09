import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSocketServer, type Server, type Socket } from "node:net";
import { closer, type Listener, type ListenOptions } from "./listener.js";
import { bindInRange } from "./port-range.js";
import type { TlsOptions } from "./tls.js";
import { Upgrades } from "./upgrades.js";

/** Listens for WebSockets. A request for anything else is answered so, and its connection ended. */
export async function listenWebSocket(options: ListenOptions): Promise<Listener> {
  const { limits, upgrades: policy, maxUnauthenticated, onChannel, tls } = options;
  const upgrades = new Upgrades({ limits, policy, maxUnauthenticated, onChannel });
  // What has not proven itself has a deadline of its own; Node's would count from the first byte of a request.
  const http = createServer({ headersTimeout: 0, requestTimeout: 0 }, refuseRequest);
  // The sockets below TLS, by what is spoken on top: a connection is one socket from its first byte on.
  const below = new WeakMap<Socket, Socket>();
  const server: Server = tls === undefined ? http : await secureServer(tls, http, below);
  server.on("connection", (socket) => upgrades.accept(socket));
  http.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    upgrades.handleUpgrade(request, socket, head, below.get(socket));
  });
  const address = await bindInRange(server, options);
  const close = closer(server);
  return {
    address,
    protocol: "jsonrpc+ws",
    close() {
      upgrades.close();
      return close();
    },
  };
}

function refuseRequest(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { connection: "close", upgrade: "websocket", "content-type": "text/plain" });
  response.end("This is a WebSocket: it answers no other requests.\n");
}

async function secureServer(tls: TlsOptions, http: Server, below: WeakMap<Socket, Socket>): Promise<Server> {
  const { acceptTls } = await import("./tls.js");
  return createSocketServer((socket) =>
    acceptTls(socket, tls, (secured) => {
      below.set(secured, socket);
      http.emit("connection", secured);
    }),
  );
}
