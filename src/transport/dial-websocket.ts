import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { PluginError } from "../errors.js";
import { clearTimeout, setTimeout } from "../util/timers.js";
import type { Channel } from "../wire/channel.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { UpgradeRefused } from "./upgrade-refused.js";
import { webSocketChannel, webSocketOptions } from "./websocket.js";

/** How a WebSocket is asked for. */
export interface WebSocketRequest {
  /** For `Host`, as in `example.org:8080`. @default "localhost" */
  readonly host?: string | undefined;
  /** With its query. @default "/" */
  readonly path?: string | undefined;
  /** More headers, as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Subprotocols to offer, best first. */
  readonly protocols?: readonly string[] | undefined;
  /**
   * What our frames are masked with, which is for caches between two machines. Zeros are for loopback, where there is none: any other mask
   * has both ends touch each byte of a long message, in JavaScript.
   * @default "random"
   */
  readonly mask?: "random" | "zeros" | undefined;
}

export type Upgrade = (socket: Socket, request: WebSocketRequest, limits: ResolvedLimits, signal: AbortSignal) => Promise<Channel>;

/** Loads what is needed first: once a socket is connected nothing that it tells may be missed. */
export async function loadUpgrade(): Promise<Upgrade> {
  const { WebSocket } = await import("ws");
  return (socket, request, limits, signal) => {
    const open = (): WebSocket => ask(WebSocket, socket, request, limits);
    return upgrade(open, limits.helloTimeoutMs, signal, (webSocket) => webSocketChannel(webSocket, socket, limits));
  };
}

/**
 * Waits for a WebSocket that is being asked for, and makes something of it at once: nothing that it tells may be missed. Rejects with
 * `UpgradeRefused`, with what is wrong in the server's answer, with `CALL_TIMEOUT` where there is none, or with the signal's reason.
 */
export function upgrade<T>(open: () => WebSocket, timeoutMs: number, signal: AbortSignal, make: (webSocket: WebSocket) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const webSocket = open();
    const stopWaiting = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (reason: unknown): void => {
      stopWaiting();
      webSocket.terminate();
      reject(reason);
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => fail(tooLate(timeoutMs)), timeoutMs);
    webSocket.on("unexpected-response", (_request: ClientRequest, { statusCode = 0, headers: answered }: IncomingMessage) => {
      fail(new UpgradeRefused(statusCode, answered));
    });
    webSocket.on("error", fail);
    webSocket.once("open", () => {
      try {
        resolve(make(webSocket));
        stopWaiting();
        // From here on errors are for what was made.
        webSocket.off("error", fail);
      } catch (error) {
        // Thrown in a listener it would end the process, or be lost.
        fail(error);
      }
    });
  });
}

function ask(
  Client: typeof WebSocket,
  socket: Socket,
  { host = "localhost", path = "/", headers, protocols = [], mask }: WebSocketRequest,
  limits: ResolvedLimits,
): WebSocket {
  // ws sees the URL's name and path alone: what is spoken on is connected, and secure where it is to be.
  return new Client(`ws://${host}${path}`, [...protocols], {
    ...webSocketOptions(limits.maxMessageBytes),
    headers: { ...headers },
    followRedirects: false,
    // ws fills the mask with zeros first.
    ...(mask === "zeros" ? { generateMask: () => {} } : {}),
    createConnection: () => socket,
  });
}

function tooLate(ms: number): PluginError {
  return new PluginError("CALL_TIMEOUT", `it was connected to, and did not begin a WebSocket in ${ms} ms`);
}
