import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { open, openSecure, type Use } from "../transport/dial.js";
import { upgrade } from "../transport/dial-websocket.js";
import type { DialTls } from "../transport/tls.js";
import type { ResolvedClientOptions } from "./options/client-options.js";
import type { ClientTls } from "./options/tls-options.js";
import { webSocketOptions } from "./websocket-options.js";

/** Connects once, and makes something of the WebSocket at once. Rejects with what is wrong, as the end of a sentence, or the signal's reason. */
export async function dialOnce<T>(
  { place, tls, socket: { noDelay }, stream }: ResolvedClientOptions,
  signal: AbortSignal,
  make: (webSocket: WebSocket, socket: Socket) => T,
): Promise<T> {
  const { handshakeTimeoutMs, maxMessageBytes } = stream;
  const use: Use<T> = (socket, done, fail) => {
    const ask = (): WebSocket =>
      // ws sees the URL's name and path alone: what is spoken on is connected, and secure where it is to be.
      new WebSocket(`ws://${hostOf(place.host, place.port, place.isSecure)}${place.path}`, {
        ...webSocketOptions(maxMessageBytes),
        followRedirects: false,
        createConnection: () => socket,
      });
    upgrade(ask, handshakeTimeoutMs, signal, (webSocket) => {
      // ws has switched it on.
      socket.setNoDelay(noDelay);
      return make(webSocket, socket);
    }).then(done, fail);
  };
  const address = { network: "tcp", host: place.host, port: place.port } as const;
  if (tls === undefined) return open(address, signal, use);
  return openSecure(address, { limits: { helloTimeoutMs: handshakeTimeoutMs }, signal, tls: tlsOf(tls, place.host) }, use);
}

function hostOf(host: string, port: number, isSecure: boolean): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === (isSecure ? 443 : 80) ? name : `${name}:${port}`;
}

/** Read at each try: a certificate may have been renewed. @throws {Error} The system's own. */
function tlsOf({ cafile, domain, cert, key }: ClientTls, host: string): DialTls {
  const context = {
    ...(cafile === undefined ? {} : { ca: pem(cafile) }),
    ...(cert === undefined || key === undefined ? {} : { cert: pem(cert), key: pem(key) }),
  };
  return { context, pinned: undefined, names: [domain ?? host] };
}

/** What a file holds, or the text itself where it is PEM. */
export function pem(given: string): string | Buffer {
  return given.includes("-----BEGIN ") ? given : readFileSync(given);
}
