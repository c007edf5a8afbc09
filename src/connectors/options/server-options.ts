import { list } from "../../util/options/lists.js";
import { namesIn } from "../../util/options/names.js";
import { integer } from "../../util/options/numbers.js";
import { mistake, type OptionsSource, option, REQUIRED } from "../../util/options/source.js";
import { type ResolvedSocketOptions, readSocketOptions, type SocketOptions } from "./socket-options.js";
import { type ResolvedStreamOptions, readSources, readStreamOptions, type StreamOptions } from "./stream-options.js";
import { readServerTls, type ServerTls } from "./tls-options.js";
import { type Place, readUrl } from "./url-option.js";

/** Where a server listens, and who may connect. */
export interface ServerConfig {
  /** As `127.0.0.1:4242` or `wss://0.0.0.0:65535`; ports 80 and 443 if none is named, 0 for any. A path is then the only one that is served. */
  readonly url: string;
  /** The certificate that it shows. @default no TLS */
  readonly tls?: ServerTls | undefined;
  /** Connections that the system keeps that were not accepted yet. @default 128 */
  readonly backlog?: number | undefined;
  /** What is set of each socket. @default {} */
  readonly socket_options?: SocketOptions | undefined;
  /** The same as `socket_options.TCP_NODELAY`. @default true */
  readonly no_delay?: boolean | undefined;
  /** Origins of the web pages that may connect, as `https://example.org`, or `"*"` for all. Programs that are no browser send none. @default none */
  readonly origins?: readonly string[] | "*" | undefined;
  /** Connections at one time; one more is turned away. @default 10_000 */
  readonly max_connections?: number | undefined;
}

/** A server's options: what is in `config` may stand in an object of that name, as in Tremor's language, or beside the others. */
export type WebSocketServerOptions = StreamOptions & (ServerConfig | { readonly config: ServerConfig });

export interface ResolvedServerOptions {
  readonly stream: ResolvedStreamOptions;
  readonly place: Place;
  readonly tls: ServerTls | undefined;
  readonly backlog: number;
  readonly socket: ResolvedSocketOptions;
  readonly origins: readonly string[] | "*";
  readonly maxConnections: number;
}

const CONFIG = namesIn("url tls backlog socket_options no_delay origins max_connections");

/** @throws {TypeError | RangeError} */
export function resolveServerOptions(options: WebSocketServerOptions): ResolvedServerOptions {
  const { top, config } = readSources("Cannot create a WebSocket server", options, [], CONFIG);
  const tls = readServerTls(config);
  const place = readUrl(config, tls && true);
  if (place.isSecure && tls === undefined)
    throw mistake(config, `${config.prefix}url is "${place.shown}", and without tls its scheme must be ws`);
  return {
    stream: readStreamOptions(top),
    place,
    tls,
    backlog: integer(config, "backlog", 128, 1, 2 ** 31 - 1),
    socket: readSocketOptions(config, "server"),
    origins: readOrigins(config),
    maxConnections: integer(config, "max_connections", 10_000, 1),
  };
}

function readOrigins(config: OptionsSource): readonly string[] | "*" {
  const { origins = [] } = config.values;
  if (origins === "*") return origins;
  if (config.values["origins"] === undefined) return [];
  return list(config, "origins", 'a list of origins, or "*"', (entry, place) =>
    option(entry, place, REQUIRED, isOrigin, "an origin, as https://example.org"),
  );
}

function isOrigin(value: unknown): value is string {
  return typeof value === "string" && (value === "null" || /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(value));
}
