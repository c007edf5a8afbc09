import { connect, type Socket } from "node:net";
import type { Address } from "../util/address.js";
import { showValue } from "../util/show-value.js";
import type { Channel } from "../wire/channel.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { ChunkFeed } from "./chunk-feed.js";
import { loadUpgrade, type WebSocketRequest } from "./dial-websocket.js";
import { socketChannel } from "./socket.js";
import type { DialTls } from "./tls.js";

export interface DialOptions {
  readonly limits: ResolvedLimits;
  /** Ends the attempt, and closes what it had opened. */
  readonly signal: AbortSignal;
  /** @default no TLS */
  readonly tls?: DialTls | undefined;
  /** How a WebSocket is asked for. */
  readonly webSocket?: WebSocketRequest | undefined;
}

/**
 * Connects to an address. Rejects with the system's error, or with the signal's reason; where TLS fails, with the end of a sentence and
 * `BAD_HANDSHAKE` or, if it never begins, `CALL_TIMEOUT`; where a WebSocket is refused, with `UpgradeRefused`, and where it is not
 * answered, with `CALL_TIMEOUT`.
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

/** What becomes of a connected socket: `done` with what was made of it, or `fail`. */
export type Use<T> = (socket: Socket, done: (made: T) => void, fail: (error: unknown) => void) => void;

/** Resolves with what `use` makes of the connected socket, which it gets at once: nothing that the socket tells is missed. */
export function open<T>(address: Address, signal: AbortSignal, use: Use<T>, feed?: ChunkFeed): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const where = address.network === "unix" ? { path: address.path } : { host: address.host, port: address.port };
    const socket: Socket = connect(feed === undefined ? where : { ...where, onread: feed.onread });
    // A feed hands over what is read at once, and its channel is not made yet.
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
    const fail = (error: unknown): void => {
      reject(error);
      socket.destroy();
    };
    socket.once("connect", () => guarded(use)(socket, done, fail));
  });
}

/** What is thrown in a listener would end the process, or be lost while the caller waits. */
function guarded<T>(use: Use<T>): Use<T> {
  return (socket, done, fail) => {
    try {
      use(socket, done, fail);
    } catch (error) {
      fail(error);
    }
  };
}

/** The same below TLS, which is to begin within `limits.helloTimeoutMs`. */
export async function openSecure<T>(address: Address, { limits, signal, tls }: SecureOptions, use: Use<T>): Promise<T> {
  const { startTls } = await import("./tls.js");
  return open(address, signal, (socket, done, fail) => {
    startTls(socket, tls, { timeoutMs: limits.helloTimeoutMs, onSecure: (secured) => guarded(use)(secured, done, fail), onError: fail });
  });
}

interface SecureOptions {
  readonly limits: Pick<ResolvedLimits, "helloTimeoutMs">;
  readonly signal: AbortSignal;
  readonly tls: DialTls;
}

async function dialWebSocket(address: Address, options: DialOptions): Promise<Channel> {
  const upgrade = await loadUpgrade();
  const { limits, signal, tls, webSocket = {} } = options;
  const use: Use<Channel> = (socket, done, fail) => void upgrade(socket, webSocket, limits, signal).then(done, fail);
  return tls === undefined ? open(address, signal, use) : openSecure(address, { ...options, tls }, use);
}

// A signal's reason may be anything, a proxy that throws at every look too.
function asError(reason: unknown): Error {
  try {
    return reason instanceof Error ? reason : new Error(showValue(reason), { cause: reason });
  } catch {
    return new Error("its signal aborted", { cause: reason });
  }
}
