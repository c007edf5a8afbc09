import type { ResolvedBackoff } from "../../util/backoff.js";
import { namesIn } from "../../util/options/names.js";
import { mistake } from "../../util/options/source.js";
import { type Reconnect, readReconnect } from "./reconnect-option.js";
import { type ResolvedSocketOptions, readSocketOptions, type SocketOptions } from "./socket-options.js";
import { type ResolvedStreamOptions, readSources, readStreamOptions, type StreamOptions } from "./stream-options.js";
import { type ClientTls, readClientTls } from "./tls-options.js";
import { type Place, readUrl } from "./url-option.js";

/** Where a client connects to. */
export interface ClientConfig {
  /** As `ws://127.0.0.1:4242/` or `wss://example.org/feed`; ports 80 and 443 if none is named. */
  readonly url: string;
  /** For `wss`: how the server is checked; `true` is all defaults. @default true for `wss`, else no TLS */
  readonly tls?: boolean | ClientTls | undefined;
  /** What is set of each socket. @default {} */
  readonly socket_options?: SocketOptions | undefined;
  /** The same as `socket_options.TCP_NODELAY`. @default true */
  readonly no_delay?: boolean | undefined;
}

/** A client's options: what is in `config` may stand in an object of that name, as in Tremor's language, or beside the others. */
export type WebSocketClientOptions = StreamOptions & {
  /** What is done without a connection. `"none"`: it fails at once. @default after a loss, one try after a second */
  readonly reconnect?: Reconnect | undefined;
} & (ClientConfig | { readonly config: ClientConfig });

export interface ResolvedClientOptions {
  readonly stream: ResolvedStreamOptions;
  readonly place: Place;
  readonly tls: ClientTls | undefined;
  readonly socket: ResolvedSocketOptions;
  readonly reconnect: ResolvedBackoff;
}

const CONFIG = namesIn("url tls socket_options no_delay");

/** @throws {TypeError | RangeError} */
export function resolveClientOptions(options: WebSocketClientOptions): ResolvedClientOptions {
  const { top, config } = readSources("Cannot create a WebSocket client", options, ["reconnect"], CONFIG);
  const tls = readClientTls(config);
  const place = readUrl(config, tls === undefined ? undefined : tls !== false);
  if (place.isSecure && tls === false)
    throw mistake(config, `${config.prefix}url is "${place.shown}", and with tls: false its scheme must be ws`);
  if (place.port === 0) throw mistake(config, `${config.prefix}url is "${place.shown}", and port 0 cannot be connected to`);
  return {
    stream: readStreamOptions(top),
    place,
    tls: place.isSecure ? tls || {} : undefined,
    socket: readSocketOptions(config, "client"),
    reconnect: readReconnect(top),
  };
}
