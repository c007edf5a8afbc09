import { createServer, type IncomingMessage } from "node:http";
import { createServer as createSocketServer, type Server, type Socket } from "node:net";
import { WebSocketServer } from "ws";
import { closer, type Listener, type ListenOptions } from "./listener.js";
import { bindInRange } from "./port-range.js";
import type { TlsOptions } from "./tls.js";
import { UnauthenticatedConnections } from "./unauthenticated-connections.js";
import { refusesUpgrade, webSocketChannel, webSocketOptions } from "./websocket.js";

const FORBIDDEN = "HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/** Listens for WebSockets on loopback, at any path. Whatever asks for something else is told so and leaves. */
export async function listenWebSocket(options: ListenOptions): Promise<Listener> {
  const { limits, onChannel, tls } = options;
  // UnauthenticatedConnections have a deadline of their own; Node's would count from the first byte of a request.
  const http = createServer({ headersTimeout: 0, requestTimeout: 0 });
  const webSockets = new WebSocketServer({ noServer: true, clientTracking: false, ...webSocketOptions(limits.maxMessageBytes) });
  const unauthenticated = new UnauthenticatedConnections(limits.helloTimeoutMs);
  // Those below TLS, by what is spoken on top: a stranger is one socket from the first byte on.
  const below = new WeakMap<Socket, Socket>();
  const server: Server = tls === undefined ? http : await secureServer(tls);
  server.on("connection", (socket) => unauthenticated.accept(socket));
  http.on("request", (_request, response) => {
    response.writeHead(426, { connection: "close", upgrade: "websocket", "content-type": "text/plain" });
    response.end("This is a plugin's WebSocket: it answers no other requests.\n");
  });
  http.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const stranger = below.get(socket) ?? socket;
    socket.on("error", () => socket.destroy());
    if (refusesUpgrade(request)) return void socket.end(FORBIDDEN, () => socket.destroy());
    return webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { stallTimeoutMs } = limits;
      const channel = webSocketChannel(webSocket, socket, { stallTimeoutMs, onAllowed: () => unauthenticated.release(stranger) });
      unauthenticated.add(stranger, (why) => channel.close(1008, why));
      onChannel(channel);
    });
  });
  const address = await bindInRange(server, options);

  async function secureServer(given: TlsOptions): Promise<Server> {
    const { acceptTls } = await import("./tls.js");
    return createSocketServer((socket) =>
      acceptTls(socket, given, (secured) => {
        below.set(secured, socket);
        http.emit("connection", secured);
      }),
    );
  }
  const close = closer(server);
  return {
    address,
    protocol: "jsonrpc+ws",
    close() {
      unauthenticated.turnAllAway();
      return close();
    },
  };
}
