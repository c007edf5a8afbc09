import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import type { WebSocket } from "ws";
import { type Address, formatAddress } from "../util/address.js";
import type { Channel } from "../wire/channel.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { ChunkFeed } from "./chunk-feed.js";
import { socketChannel } from "./socket.js";
import type { TlsOptions } from "./tls.js";
import { webSocketChannel, webSocketOptions } from "./websocket.js";

export interface DialOptions {
  readonly limits: ResolvedLimits;
  /** Ends the attempt, and closes what it had opened. */
  readonly signal: AbortSignal;
  /** @default no TLS */
  readonly tls?: TlsOptions | undefined;
}

/**
 * Connects to where a plugin listens. Rejects with the system's error, or with the signal's reason; where TLS fails, with the end of
 * a sentence and `BAD_HANDSHAKE` or, if it never begins, `CALL_TIMEOUT`.
 */
export async function dial(address: Address, protocol: "jsonrpc" | "jsonrpc+ws", options: DialOptions): Promise<Channel> {
  const { limits, signal, tls } = options;
  if (protocol === "jsonrpc+ws") return dialWebSocket(address, options);
  if (tls === undefined) {
    const feed = new ChunkFeed();
    return open(address, signal, (socket, done) => done(socketChannel(socket, { ...limits, feed })), feed);
  }
  return openSecure(address, { ...options, tls }, (socket, done) => done(socketChannel(socket, limits)));
}

type Use<T> = (socket: Socket, done: (made: T) => void, fail: (error: Error) => void) => void;

/** Resolves with what `use` makes of the connected socket, which it gets at once: nothing that the socket tells is missed. */
function open<T>(address: Address, signal: AbortSignal, use: Use<T>, feed?: ChunkFeed): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const where = address.network === "unix" ? { path: address.path } : { host: address.host, port: address.port };
    const socket: Socket = connect(feed === undefined ? where : { ...where, onread: feed.onread });
    // A feed tells at once what is read, and nobody listens yet.
    if (feed !== undefined) socket.pause();
    // Not connect()'s own signal option: that would end the connection later, too.
    const onAbort = (): void => void socket.destroy(asError(signal.reason));
    const settle = (): void => signal.removeEventListener("abort", onAbort);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("close", settle);
    socket.once("error", reject);
    const done = (made: T): void => {
      settle();
      socket.off("error", reject);
      resolve(made);
    };
    socket.once("connect", () => use(socket, done, reject));
  });
}

async function openSecure<T>(
  address: Address,
  { limits, signal, tls }: DialOptions & { readonly tls: TlsOptions },
  use: Use<T>,
): Promise<T> {
  const { startTls } = await import("./tls.js");
  return open(address, signal, (socket, done, fail) => {
    startTls(socket, tls, { timeoutMs: limits.helloTimeoutMs, onSecure: (secured) => use(secured, done, fail), onError: fail });
  });
}

async function dialWebSocket(address: Address, { limits, signal, tls }: DialOptions): Promise<Channel> {
  const { WebSocket } = await import("ws");
  signal.throwIfAborted();
  const upgrade = (secured?: Socket): Promise<Channel> => {
    const url = address.network === "unix" ? `ws+unix:${address.path}:/` : `ws://${formatAddress(address)}/`;
    const webSocket = new WebSocket(url, {
      ...webSocketOptions(limits.maxMessageBytes),
      followRedirects: false,
      // A mask of zeros, as ws fills none in: masking is against caches between a browser and a server. There are none on loopback,
      // and with any other mask both ends would touch each byte of a long message, in JavaScript.
      generateMask: () => {},
      handshakeTimeout: limits.helloTimeoutMs,
      // What is spoken on is secure already, whatever the URL says.
      ...(secured === undefined ? {} : { createConnection: () => secured }),
    });
    return opened(webSocket, limits, signal);
  };
  if (tls === undefined) return upgrade();
  return openSecure(address, { limits, signal, tls }, (secured, done, fail) => void upgrade(secured).then(done, fail));
}

function opened(webSocket: WebSocket, limits: ResolvedLimits, signal: AbortSignal): Promise<Channel> {
  return new Promise((resolve, reject) => {
    let socket: Socket | undefined;
    const onAbort = (): void => {
      webSocket.terminate();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    webSocket.once("upgrade", (response: IncomingMessage) => {
      socket = response.socket;
    });
    webSocket.on("error", (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    });
    webSocket.once("open", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(webSocketChannel(webSocket, socket as Socket, limits));
    });
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
