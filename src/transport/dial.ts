import { connect, type Socket } from "node:net";
import { PluginError } from "../errors.js";
import { type Address, formatAddress } from "../util/address.js";
import { clearTimeout, setTimeout } from "../util/timers.js";
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
 * Connects to where a plugin listens. Rejects with the system's error, or with the signal's reason; where TLS or a
 * WebSocket never begins, with the end of a sentence and `CALL_TIMEOUT`, and where TLS fails, with `BAD_HANDSHAKE`.
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
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once(
      "connect",
      orElse(fail, () => use(socket, done, fail)),
    );
  });
}

async function openSecure<T>(
  address: Address,
  { limits, signal, tls }: DialOptions & { readonly tls: TlsOptions },
  use: Use<T>,
): Promise<T> {
  const { startTls } = await import("./tls.js");
  return open(address, signal, (socket, done, fail) => {
    const onSecure = (secured: Socket): void => orElse(fail, () => use(secured, done, fail))();
    startTls(socket, tls, { timeoutMs: limits.helloTimeoutMs, onSecure, onError: fail });
  });
}

async function dialWebSocket(address: Address, options: DialOptions): Promise<Channel> {
  const { WebSocket } = await import("ws");
  const { limits, signal, tls } = options;
  const upgrade: Use<Channel> = (socket, done, fail) => {
    // What is spoken on is connected already, and secure if it is to be, whatever the URL says. Not ws's own connection: where a system
    // has a ws of its own, as Bun has, nothing tells its socket.
    const webSocket = new WebSocket(`ws://${address.network === "unix" ? "localhost" : formatAddress(address)}/`, {
      ...webSocketOptions(limits.maxMessageBytes),
      followRedirects: false,
      // A mask of zeros, as ws fills none in: masking is against caches between a browser and a server. There are none on loopback,
      // and with any other mask both ends would touch each byte of a long message, in JavaScript.
      generateMask: () => {},
      createConnection: () => socket,
    });
    // Not ws's own deadline, which is set on connections of its own alone.
    const timer = setTimeout(() => fail(mute(limits.helloTimeoutMs)), limits.helloTimeoutMs);
    webSocket.once("close", () => clearTimeout(timer));
    webSocket.once("error", fail);
    webSocket.once(
      "open",
      orElse(fail, () => {
        clearTimeout(timer);
        done(webSocketChannel(webSocket, socket, limits));
        webSocket.off("error", fail);
      }),
    );
  };
  return tls === undefined ? open(address, signal, upgrade) : openSecure(address, { ...options, tls }, upgrade);
}

function mute(ms: number): PluginError {
  return new PluginError("CALL_TIMEOUT", `it was connected to, and did not begin a WebSocket in ${ms} ms`);
}

/** A listener that cannot throw past who waits for it: there it would be an uncaught exception, and the wait would last. */
function orElse(fail: (error: Error) => void, work: () => void): () => void {
  return () => {
    try {
      work();
    } catch (error) {
      fail(error as Error);
    }
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
