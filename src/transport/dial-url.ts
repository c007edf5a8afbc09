import type { SecureContextOptions } from "node:tls";
import type { Address } from "../util/address.js";
import type { Channel } from "../wire/channel.js";
import { type DialOptions, dial } from "./dial.js";
import type { WebSocketRequest } from "./dial-websocket.js";
import type { DialTls } from "./tls.js";

export interface DialUrlOptions extends Pick<DialOptions, "limits" | "signal"> {
  /** For `wss:`, and for `tcp:` and `unix:` with TLS. @default for `wss:` the authorities that Node.js trusts; else no TLS */
  readonly tls?: DialUrlTls | undefined;
  /** For `ws:` and `wss:`. */
  readonly webSocket?: Omit<WebSocketRequest, "host" | "path"> | undefined;
}

export interface DialUrlTls {
  /** @default the authorities that Node.js trusts, and no certificate of our own */
  readonly context?: SecureContextOptions | undefined;
  /** The other side's certificate, DER: nothing else is accepted. @default any that is signed by an authority of `context` */
  readonly pinned?: Buffer | undefined;
  /** The name that its certificate has. @default the URL's host; for `unix:` "localhost" */
  readonly servername?: string | undefined;
}

/** Where a URL leads, and how that is spoken to. */
interface Target {
  readonly address: Address;
  readonly protocol: "jsonrpc" | "jsonrpc+ws";
  readonly tls: DialTls | undefined;
  readonly webSocket: WebSocketRequest | undefined;
}

/**
 * Connects to a URL: `ws://host:port/path`, `wss://host/path`, `tcp://host:port` or `unix:/path/of/a/socket`. Rejects as dial().
 * @throws {TypeError} The URL is none of these, holds a user's name or a password, or has no use for `tls` or `webSocket`.
 */
export async function dialUrl(url: string | URL, options: DialUrlOptions): Promise<Channel> {
  const { limits, signal } = options;
  const { address, protocol, tls, webSocket } = targetOf(url, options);
  return dial(address, protocol, { limits, signal, tls, webSocket });
}

function targetOf(given: string | URL, options: DialUrlOptions): Target {
  const url = parse(given);
  switch (url.protocol) {
    case "ws:":
    case "wss:":
      return webSocketTarget(url, options);
    case "tcp:":
      return tcpTarget(url, options);
    case "unix:":
      return unixTarget(url, options);
    default:
      throw cannot(url, "its scheme is none of ws, wss, tcp and unix");
  }
}

function webSocketTarget(url: URL, { tls, webSocket }: DialUrlOptions): Target {
  const isSecure = url.protocol === "wss:";
  if (!isSecure && tls !== undefined) throw cannot(url, "with tls its scheme must be wss");
  if (url.hash !== "") throw cannot(url, "a WebSocket's URL has no fragment");
  const host = hostOf(url);
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  return {
    address: { network: "tcp", host, port },
    protocol: "jsonrpc+ws",
    tls: isSecure ? tlsOf(tls ?? {}, host) : undefined,
    webSocket: { ...webSocket, host: url.host, path: url.pathname + url.search },
  };
}

function tcpTarget(url: URL, { tls, webSocket }: DialUrlOptions): Target {
  if (url.port === "") throw cannot(url, "it names no port");
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") throw cannot(url, "after its port there may be nothing");
  refuseWebSocket(url, webSocket);
  const host = hostOf(url);
  return {
    address: { network: "tcp", host, port: Number(url.port) },
    protocol: "jsonrpc",
    tls: tls && tlsOf(tls, host),
    webSocket: undefined,
  };
}

function unixTarget(url: URL, { tls, webSocket }: DialUrlOptions): Target {
  if (url.host !== "") throw cannot(url, "it names a host, and a socket's path alone is wanted");
  const path = decoded(url.pathname);
  if (!path?.startsWith("/") || url.search !== "" || url.hash !== "") throw cannot(url, "it is no absolute path of a socket");
  // The system cuts longer paths without a word, and another file would be dialled.
  if (Buffer.byteLength(path) > 107) throw cannot(url, "its path is longer than the 107 bytes that a socket's may be");
  refuseWebSocket(url, webSocket);
  return {
    address: { network: "unix", path },
    protocol: "jsonrpc",
    tls: tls && tlsOf(tls, "localhost"),
    webSocket: undefined,
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function parse(given: string | URL): URL {
  let url: URL;
  try {
    url = new URL(given);
  } catch (cause) {
    throw new TypeError(`Cannot dial ${JSON.stringify(String(given).slice(0, 200))}: it is no URL`, { cause });
  }
  // It would be in logs, and is nothing that this protocol knows.
  if (url.username !== "" || url.password !== "") {
    url.username = "";
    url.password = "";
    throw cannot(url, "a user's name or a password has no place in it");
  }
  return url;
}

/** An IPv6 address stands in brackets in a URL, and without them in an address. */
function hostOf(url: URL): string {
  const { hostname } = url;
  if (hostname === "") throw cannot(url, "it names no host");
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

function tlsOf({ context = {}, pinned, servername }: DialUrlTls, host: string): DialTls {
  return { context, pinned, names: [servername ?? host] };
}

function refuseWebSocket(url: URL, webSocket: DialUrlOptions["webSocket"]): void {
  if (webSocket !== undefined) throw cannot(url, "webSocket is for ws and wss alone");
}

function cannot({ href }: URL, why: string): TypeError {
  return new TypeError(`Cannot dial ${JSON.stringify(href.slice(0, 200))}: ${why}`);
}
