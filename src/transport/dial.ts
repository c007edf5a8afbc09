import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { type Address, formatAddress } from "../wire/address.js";
import type { Channel } from "../wire/channel.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { socketChannel } from "./socket.js";
import { webSocketChannel, webSocketOptions } from "./websocket.js";

export interface DialOptions {
  readonly limits: ResolvedLimits;
  /** Ends the attempt, and closes what it had opened. */
  readonly signal: AbortSignal;
}

/** Connects to where a plugin listens. Rejects with the system's error, or with the signal's reason. */
export function dial(address: Address, protocol: "jsonrpc" | "jsonrpc+ws", options: DialOptions): Promise<Channel> {
  return protocol === "jsonrpc" ? dialSocket(address, options) : dialWebSocket(address, options);
}

function dialSocket(address: Address, { limits, signal }: DialOptions): Promise<Channel> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket: Socket =
      address.network === "unix" ? connect({ path: address.path }) : connect({ host: address.host, port: address.port });
    // Not connect()'s own signal option: that would end the connection later, too.
    const onAbort = (): void => void socket.destroy(asError(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", onAbort));
    socket.once("error", reject);
    socket.once("connect", () => {
      signal.removeEventListener("abort", onAbort);
      const channel = socketChannel(socket, limits);
      socket.off("error", reject);
      resolve(channel);
    });
  });
}

async function dialWebSocket(address: Address, { limits, signal }: DialOptions): Promise<Channel> {
  const { WebSocket } = await import("ws");
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const url = address.network === "unix" ? `ws+unix:${address.path}:/` : `ws://${formatAddress(address)}/`;
    const webSocket = new WebSocket(url, {
      ...webSocketOptions(limits.maxMessageBytes),
      followRedirects: false,
      handshakeTimeout: limits.helloTimeoutMs,
    });
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
