import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, ListenOptions, Socket } from "node:net";
import { WebSocketServer } from "ws";
import { PluginError } from "../errors.js";
import { answerRefused, chooseProtocol, refusalOf, type UpgradeRefusal } from "../transport/upgrade-policy.js";
import { pem } from "./dial.js";
import type { Link, LinkOwner } from "./link.js";
import type { ResolvedServerOptions } from "./options/server-options.js";
import { webSocketOptions } from "./websocket-options.js";

/** Listens, and hands on each connection that asks for a WebSocket and may have one. */
export class ServerLink implements Link {
  readonly role = "ws_server";
  readonly shown: string;
  readonly #options: ResolvedServerOptions;
  readonly #webSockets: WebSocketServer;
  /** Sockets that are no WebSockets yet. */
  readonly #unproven = new Set<Socket>();
  readonly #forget: (this: Socket) => void;
  #count = 0;
  #server: Server | undefined;
  #listening: Promise<void> | undefined;
  #owner: LinkOwner | undefined;
  #closed: Promise<void> | undefined;
  #address: Link["address"];

  constructor(options: ResolvedServerOptions) {
    this.shown = `the WebSocket server on "${options.place.shown}"`;
    this.#options = options;
    const unproven = this.#unproven;
    // One for all sockets.
    this.#forget = function () {
      unproven.delete(this);
    };
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      handleProtocols: (offered) => chooseProtocol(offered, undefined),
      ...webSocketOptions(options.stream.maxMessageBytes),
    });
  }

  get address(): Link["address"] {
    return this.#address;
  }

  async open(owner: LinkOwner): Promise<void> {
    this.#owner = owner;
    try {
      this.#listening = this.#listen();
      await this.#listening;
    } catch (cause) {
      throw this.#failure(cause as Error);
    }
    if (this.#closed !== undefined) throw new PluginError("CONNECTION_CLOSED", `Cannot open ${this.shown}: it was stopped`);
    owner.connectivityIs("connected");
  }

  async resume(): Promise<void> {}

  lost(): void {
    this.#count--;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #listen(): Promise<void> {
    const { place, socket, backlog } = this.#options;
    const server = this.#makeServer();
    this.#server = server;
    server.on("connection", (accepted: Socket) => this.#accept(accepted));
    server.on("upgrade", (request: IncomingMessage, upgraded: Socket, head: Buffer) => this.#upgrade(request, upgraded, head));
    // Types of the oldest Node.js do not know it.
    const where: ListenOptions & { readonly reusePort?: boolean } = { host: place.host, port: place.port, backlog };
    server.listen(socket.reusePort ? { ...where, reusePort: true } : where);
    await once(server, "listening");
    const { address, port } = server.address() as AddressInfo;
    this.#address = { host: address, port };
    server.on("error", (cause) => this.#owner?.failed(this.#failure(cause)));
  }

  #makeServer(): Server {
    const { tls, stream, socket } = this.#options;
    const http = {
      noDelay: socket.noDelay,
      // From the first byte on, and for those too that send none.
      headersTimeout: stream.handshakeTimeoutMs,
      requestTimeout: stream.handshakeTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, stream.handshakeTimeoutMs),
      keepAliveTimeout: 1,
    };
    if (tls === undefined) return createServer(http, refuseRequest);
    const { cert, key, cafile } = tls;
    const server = createSecureServer(
      {
        ...http,
        cert: pem(cert),
        key: pem(key),
        ...(cafile === undefined ? {} : { ca: pem(cafile), requestCert: true, rejectUnauthorized: true }),
        minVersion: "TLSv1.2",
        handshakeTimeout: stream.handshakeTimeoutMs,
      },
      refuseRequest,
    );
    server.on("tlsClientError", (_error, failed) => void failed.destroy());
    return server;
  }

  #accept(socket: Socket): void {
    const { maxConnections } = this.#options;
    if (this.#count + this.#unproven.size >= maxConnections) return void socket.destroy();
    this.#unproven.add(socket);
    socket.on("error", destroyThis);
    socket.on("close", this.#forget);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // Without this listener a reset ends the process.
    socket.on("error", destroyThis);
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) return answerRefused(socket, refusal);
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#count++;
      this.#proven(socket);
      // ws has switched it on.
      socket.setNoDelay(this.#options.socket.noDelay);
      this.#owner?.connected(webSocket, socket, this.#options.tls !== undefined);
    });
  }

  #refusalOf(request: IncomingMessage): UpgradeRefusal | undefined {
    if (this.#closed !== undefined) return { status: 503 };
    const { origins, place } = this.#options;
    const { origin } = request.headers;
    const allowed = origins === "*" ? (origin === undefined ? [] : [origin]) : origins;
    const path = place.path === "/" ? undefined : place.path;
    return refusalOf(request, { origins: allowed, path }) as UpgradeRefusal | undefined;
  }

  /** The socket below TLS has the same far end. */
  #proven(socket: Socket): void {
    socket.off("close", this.#forget);
    if (this.#unproven.delete(socket)) return;
    for (const each of this.#unproven) {
      if (each.remotePort === socket.remotePort && each.remoteAddress === socket.remoteAddress) return void this.#unproven.delete(each);
    }
  }

  async #close(): Promise<void> {
    // A server that only begins to listen would do so all the same.
    await this.#listening?.catch(() => {});
    const server = this.#server;
    if (server?.listening !== true) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#unproven) socket.destroy();
    this.#webSockets.close();
    await closed;
  }

  #failure(cause: Error): PluginError {
    return new PluginError("UNREACHABLE", `Cannot open ${this.shown}: ${cause.message}`, { cause });
  }
}

function destroyThis(this: Socket): void {
  this.destroy();
}

function refuseRequest(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { connection: "close", upgrade: "websocket", "content-type": "text/plain" });
  response.end("This is a WebSocket: it answers no other requests.\n");
}
