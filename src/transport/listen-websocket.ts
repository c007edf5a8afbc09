import { createServer, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer } from "ws";
import { closer, type Listener, type ListenOptions, MOST_STRANGERS } from "./listen.js";
import { bindInRange } from "./port-range.js";
import { refusesUpgrade, webSocketChannel, webSocketOptions } from "./websocket.js";

const FORBIDDEN = "HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/** Listens for WebSockets on loopback, at any path. Whatever asks for something else is told so and leaves. */
export async function listenWebSocket(options: ListenOptions): Promise<Listener> {
  const { limits, onChannel } = options;
  // Strangers have a deadline of their own; Node's would count from the first byte of a request.
  const server = createServer({ headersTimeout: 0, requestTimeout: 0 });
  const webSockets = new WebSocketServer({ noServer: true, clientTracking: false, ...webSocketOptions(limits.maxMessageBytes) });
  const strangers = new Strangers(limits.helloTimeoutMs);
  server.on("connection", (socket) => strangers.accept(socket));
  server.on("request", (_request, response) => {
    response.writeHead(426, { connection: "close", upgrade: "websocket", "content-type": "text/plain" });
    response.end("This is a plugin's WebSocket: it answers no other requests.\n");
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    if (refusesUpgrade(request)) return void socket.end(FORBIDDEN, () => socket.destroy());
    return webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { stallTimeoutMs } = limits;
      const channel = webSocketChannel(webSocket, socket, { stallTimeoutMs, onAllowed: () => strangers.release(socket) });
      strangers.add(socket, (why) => channel.close(1008, why));
      onChannel(channel);
    });
  });
  const address = await bindInRange(server, options);
  const close = closer(server);
  return {
    address,
    protocol: "jsonrpc+ws",
    close() {
      strangers.turnAllAway();
      return close();
    },
  };
}

/** Connections that have not proven themselves, oldest first: few, and for a short time in all, whatever they have become. */
class Strangers {
  readonly #turnAway = new Map<Socket, (why: string) => void>();
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  accept(socket: Socket): void {
    const timer = setTimeout(() => this.#end(socket, `it had not proven itself after ${this.#timeoutMs} ms`), this.#timeoutMs);
    timer.unref();
    socket.once("close", () => {
      clearTimeout(timer);
      this.release(socket);
    });
    this.add(socket, () => socket.destroy());
    if (this.#turnAway.size <= MOST_STRANGERS) return;
    for (const oldest of this.#turnAway.keys()) return this.#end(oldest, "others wait behind it");
  }

  /** From now on that is how it is turned away; its place in the line stays. */
  add(socket: Socket, turnAway: (why: string) => void): void {
    this.#turnAway.set(socket, turnAway);
  }

  /** It is no stranger any more. */
  release(socket: Socket): void {
    this.#turnAway.delete(socket);
  }

  turnAllAway(): void {
    for (const socket of this.#turnAway.keys()) this.#end(socket, "nobody is received any more");
  }

  #end(socket: Socket, why: string): void {
    this.#turnAway.get(socket)?.(why);
    this.release(socket);
  }
}
