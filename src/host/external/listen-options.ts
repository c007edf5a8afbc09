import type { SecureContextOptions } from "node:tls";
import { flag } from "../../util/options/flags.js";
import { list } from "../../util/options/lists.js";
import { namesIn } from "../../util/options/names.js";
import { integer } from "../../util/options/numbers.js";
import { nested, type OptionsSource, option, REQUIRED } from "../../util/options/source.js";
import { certificates } from "../../util/options/tls.js";

/** Where plugins dial in that somebody else runs, and who may. */
export interface ListenOptions {
  /** Name or address to listen on. Every other than loopback is open to other machines: give it `tls`, and each plugin a token. @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** 0: any. @default 51_234 */
  readonly port?: number | undefined;
  /** `key` and `cert`: plugins dial `wss:` then. With `ca` each has to show a certificate that was signed by one of those. @default no TLS */
  readonly tls?: SecureContextOptions | undefined;
  /** How many connections the system keeps that were not accepted yet. @default 511 */
  readonly backlog?: number | undefined;
  /** Take in plugins that are not loaded, without a token; they are known for as long as they are connected. @default false */
  readonly allowUnknown?: boolean | undefined;
  /** Origins of web pages that may dial in, as in `https://example.org`. @default none */
  readonly origins?: readonly string[] | undefined;
  /** Tell a plugin that is refused why, and not just that it is: unknown, another token. For development. @default false: the log says it */
  readonly exposeErrors?: boolean | undefined;
}

export interface ResolvedListen {
  readonly host: string;
  readonly port: number;
  readonly tls: SecureContextOptions | undefined;
  readonly backlog: number | undefined;
  readonly allowUnknown: boolean;
  readonly origins: readonly string[];
  readonly exposeErrors: boolean;
}

const NAMES: ReadonlySet<string> = namesIn("host port tls backlog allowUnknown origins exposeErrors");

/** The option `listen`. @throws {TypeError | RangeError} */
export function readListen(from: OptionsSource): ResolvedListen | false {
  if (from.values["listen"] === false) return false;
  const at = nested(from, "listen", NAMES, `false, or an object with ${[...NAMES].join(", ")}`);
  return {
    host: option(at, "host", "127.0.0.1", isText, "a name or an address"),
    port: integer(at, "port", 51_234, 0, 65_535),
    tls: at.values["tls"] === undefined ? undefined : certificates(at, "tls", "an object with a key and a cert", ["key", "cert"]),
    backlog: integer(at, "backlog", undefined, 1, 65_535),
    allowUnknown: flag(at, "allowUnknown", false),
    origins:
      at.values["origins"] === undefined
        ? []
        : list(at, "origins", "a list of origins", (entry, place) =>
            option(entry, place, REQUIRED, isText, "an origin, as https://example.org"),
          ),
    exposeErrors: flag(at, "exposeErrors", false),
  };
}

/** What holds where nothing was said. */
export const DEFAULT_LISTEN: ResolvedListen = readListen({ attempt: "", prefix: "", values: {} }) as ResolvedListen;

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
