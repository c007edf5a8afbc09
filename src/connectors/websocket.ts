import { ClientLink } from "./client-link.js";
import type { Connector } from "./connector.js";
import { resolveClientOptions, type WebSocketClientOptions } from "./options/client-options.js";
import { resolveServerOptions, type WebSocketServerOptions } from "./options/server-options.js";
import { ServerLink } from "./server-link.js";
import { WebSocketConnector } from "./websocket-connector.js";

/**
 * Makes a WebSocket server whose connections are streams of events. It listens once it is started.
 * @throws {TypeError | RangeError} An option that is unknown or wrong.
 * @example
 * const server = websocketServer({ url: "127.0.0.1:4242", preprocessors: ["separate"], codec: "json" });
 * await server.start();
 * for await (const event of server.out) server.send(event).catch(console.error);
 */
export function websocketServer(options: WebSocketServerOptions): Connector {
  const resolved = resolveServerOptions(options);
  return new WebSocketConnector(resolved.stream, new ServerLink(resolved));
}

/**
 * Makes a WebSocket client: one connection, which it makes anew when it is lost. It connects once it is started.
 * @throws {TypeError | RangeError} An option that is unknown or wrong.
 */
export function websocketClient(options: WebSocketClientOptions): Connector {
  const resolved = resolveClientOptions(options);
  return new WebSocketConnector(resolved.stream, new ClientLink(resolved));
}
