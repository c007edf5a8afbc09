import type { SecureContextOptions } from "node:tls";
import type { Provides } from "../../contract/implementations.js";
import { digestOf, MAX_TOKEN_LENGTH } from "../../handshake/token.js";
import type { Backoff, ResolvedBackoff } from "../../util/backoff.js";
import type { Logger } from "../../util/logger.js";
import { readBackoff } from "../../util/options/backoff.js";
import { flag } from "../../util/options/flags.js";
import { callback } from "../../util/options/functions.js";
import { logger } from "../../util/options/loggers.js";
import { namesIn } from "../../util/options/names.js";
import { signal } from "../../util/options/signals.js";
import { mistake, type OptionsSource, option, REQUIRED, readOptions, wrong } from "../../util/options/source.js";
import { certificates } from "../../util/options/tls.js";
import { readValues } from "../../util/options/values.js";
import { type Limits, type ResolvedLimits, resolveLimits } from "../../wire/limits.js";
import type { ValueRules } from "../../wire/references/extract.js";
import { type ResolvedServeOptions, readVersions, type ServeOptions } from "../options.js";
import { stderrLogger } from "../stderr-logger.js";

/** How a plugin reaches its host, and what it provides there: the same as under serve(). */
export interface ConnectOptions extends Pick<ServeOptions, "configure" | "health" | "validate" | "values"> {
  /** Where the host takes plugins in: `ws://127.0.0.1:51234`, or `wss://host/path`. The token has no place in it. */
  readonly url: string | URL;
  /** Which of the host's plugins this is. */
  readonly id: string;
  /**
   * By which the two know each other. It does not cross: both prove that they know it, so that a program that took the host's address
   * learns nothing. @default the host asks for none
   */
  readonly token?: string | undefined;
  /** What the host may call: one list, or one list per apiVersion, as for serve(). @default nothing */
  readonly provides?: ServeOptions["provides"] | undefined;
  /** For `wss:`: authorities in `ca`, a certificate of this plugin's own in `key` and `cert`. @default the authorities that Node.js trusts */
  readonly tls?: ConnectTls | undefined;
  /**
   * Use a token over `ws:` to another machine, too. Whoever is between the two cannot read it there, but can read and change all the rest.
   * @default false
   */
  readonly allowInsecureToken?: boolean | undefined;
  /** How the host is dialled again; `false`: not at all. @default without end, after 250 ms, 500 ms and so on, up to 30 s */
  readonly redial?: Backoff | false | undefined;
  /** Ends the connection, and dials no more. @default only close() does */
  readonly signal?: AbortSignal | undefined;
  /** What a host may cost. @default the defaults of each */
  readonly limits?: Limits | undefined;
  /** Gets what happens to the connection. @default lines on stderr */
  readonly logger?: Logger | undefined;
}

/** What a plugin shows its host in TLS, and what it takes. */
export interface ConnectTls extends SecureContextOptions {
  /** The name that the host's certificate has. @default the URL's host */
  readonly servername?: string | undefined;
}

/** ConnectOptions, checked. The token itself is not kept. */
export interface ResolvedConnectOptions {
  readonly url: URL;
  /** For sentences and logs: without what may be secret in it. */
  readonly shownUrl: string;
  readonly id: string;
  readonly key: string;
  readonly provides: ReadonlyMap<number, Provides>;
  readonly configure: ResolvedServeOptions["configure"];
  readonly health: ResolvedServeOptions["health"];
  readonly validate: boolean;
  readonly values: ValueRules;
  readonly tls: { readonly context: SecureContextOptions; readonly servername: string | undefined } | undefined;
  readonly redial: ResolvedBackoff | false;
  readonly signal: AbortSignal | undefined;
  readonly limits: ResolvedLimits;
  readonly logger: Logger;
}

const ATTEMPT = "Cannot connect to a host";
const NAMES: ReadonlySet<string> = /* @__PURE__ */ namesIn(
  "url id token provides tls allowInsecureToken configure health validate values redial signal limits logger",
);
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** @throws {TypeError | RangeError} An option that is unknown or wrong. */
export function resolveConnectOptions(options: ConnectOptions): ResolvedConnectOptions {
  const from = readOptions(ATTEMPT, options, NAMES);
  const url = readUrl(from);
  const token = readToken(from);
  if (token !== undefined && url.protocol === "ws:" && !isLoopback(url.hostname) && !flag(from, "allowInsecureToken", false)) {
    const remedy = "Use wss:, or allowInsecureToken: true where the network between the two is trusted.";
    throw mistake(from, `${shown(url)} is another machine, and over ws: nothing protects what follows the token\n  ${remedy}`);
  }
  return {
    url,
    shownUrl: shown(url),
    id: option(from, "id", REQUIRED, isId, "1 to 128 letters, digits, dots, underscores or dashes, and begin with a letter or digit"),
    key: digestOf(token ?? ""),
    provides: from.values["provides"] === undefined ? new Map([[1, NOTHING]]) : readVersions(from, { apiVersion: 1 }),
    configure: callback(from, "configure", () => {}),
    health: callback<NonNullable<ServeOptions["health"]>, undefined>(from, "health", undefined),
    validate: flag(from, "validate", true),
    values: readValues(from),
    tls: readTls(from, url),
    redial: from.values["redial"] === false ? false : readBackoff(from, "redial", Number.POSITIVE_INFINITY),
    signal: signal(from, "signal", undefined),
    limits: resolveLimits(from),
    logger: logger(from, "logger", stderrLogger),
  };
}

const NOTHING: Provides = { contracts: [], topics: [] };

function readUrl(from: OptionsSource): URL {
  const given = from.values["url"];
  const wanted = "a URL as ws://127.0.0.1:51234 or wss://host/path, without a user, a password or a fragment";
  let url: URL;
  try {
    url = new URL(given as string | URL);
  } catch {
    // What was given may hold a secret: it is in no sentence.
    throw mistake(from, `url must be ${wanted}`);
  }
  const fits = ["ws:", "wss:"].includes(url.protocol) && url.username === "" && url.password === "" && url.hash === "";
  if (!fits) throw mistake(from, `url must be ${wanted}`);
  const secret = [...url.searchParams.keys()].find((name) => /token|secret|password|authorization|api_?key/i.test(name));
  if (secret !== undefined) throw wrongQuery(from, secret);
  return url;
}

function wrongQuery(from: OptionsSource, name: string): TypeError {
  return mistake(from, `its url has "${name}" in its query, where others can read it\n  Give the token as the option token.`);
}

/** A query may hold what is secret. */
function shown({ origin, pathname, protocol, host }: URL): string {
  return `${origin === "null" ? `${protocol}//${host}` : origin}${pathname}`;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function readTls(from: OptionsSource, url: URL): ResolvedConnectOptions["tls"] {
  if (from.values["tls"] === undefined) return undefined;
  if (url.protocol !== "wss:") throw wrong(from, "tls", from.values["tls"], "left out where the url is no wss:");
  const { servername, ...context } = certificates<ConnectTls>(from, "tls", "an object with a ca, or a key and a cert", []);
  return { context, servername };
}

function readToken(from: OptionsSource): string | undefined {
  const { token } = from.values;
  const isToken = typeof token === "string" && token !== "" && token.length <= MAX_TOKEN_LENGTH;
  if (isToken || token === undefined) return token;
  // What was given stands in no sentence.
  throw mistake(from, `token must be a text of 1 to ${MAX_TOKEN_LENGTH} characters`);
}

function isId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}
