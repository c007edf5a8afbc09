import type { SecureContextOptions } from "node:tls";
import type { ConfigureContext } from "../contract/context.js";
import type { Implementation } from "../contract/implement.js";
import { type Provides, readProvides } from "../contract/implementations.js";
import type { Awaitable } from "../contract/views.js";
import { type Handshake, type ResolvedHandshake, resolveHandshake } from "../handshake/cookie.js";
import type { HealthCheck } from "../handshake/hello.js";
import type { ReattachConfig } from "../handshake/reattach-config.js";
import type { Logger } from "../util/logger.js";
import { flag } from "../util/options/flags.js";
import { callback } from "../util/options/functions.js";
import { logger } from "../util/options/loggers.js";
import { isObject, namesIn } from "../util/options/names.js";
import { integer } from "../util/options/numbers.js";
import { signal } from "../util/options/signals.js";
import { nested, type OptionsSource, placed, REQUIRED, readOptions, wrong } from "../util/options/source.js";
import { certificates } from "../util/options/tls.js";
import { readValues } from "../util/options/values.js";
import { type Limits, type ResolvedLimits, resolveLimits } from "../wire/limits.js";
import type { ValueRules } from "../wire/references/extract.js";
import { stderrLogger } from "./stderr-logger.js";

/** What a plugin provides, and how. */
export interface ServeOptions {
  /** What both programs agreed on. @default Otto's cookie, and apiVersion 1 */
  readonly handshake?: Handshake | undefined;
  /**
   * What the host may call: one list, or one list per apiVersion.
   * @throws {TypeError} If an entry was not made with implement(), or two in one list implement one contract.
   * @throws {RangeError} If a version is no whole number from 1.
   */
  readonly provides: readonly Implementation[] | Readonly<Record<number, readonly Implementation[]>>;
  /**
   * Receives the host's `config` first; throwing declines to start, and the host is told why. `context.peer` calls the host outside of
   * handlers, from a timer for one, until `context.signal` aborts: that connection is gone then. Runs once for each host that connects.
   * @default accepts everything
   */
  readonly configure?: ((config: unknown, context: ConfigureContext) => Awaitable<void>) | undefined;
  /** Says how the plugin is, for a host that asks now and then: `{ ok: false, message }` or throwing is not well. @default it cannot say */
  readonly health?: HealthCheck | undefined;
  /** What a host may cost. @default the defaults of each */
  readonly limits?: Limits | undefined;
  /**
   * Certificates of your own: the plugin then speaks TLS alone, and a host must be given `tls` as well. `key` and `cert` are needed;
   * with `ca` a host must show a certificate signed by one of those. A host that has `tls: "auto"` shows its one-time certificate.
   * @default what the host asks for
   * @throws {TypeError} If it has no `key` or no `cert`.
   */
  readonly tls?: SecureContextOptions | undefined;
  /**
   * Serve without a host's environment, in a test or under a debugger, until the signal aborts or a host says to stop. Touches nothing
   * of the process: no exit, no signals, no stdin, nothing on stdout.
   * @default a host's environment is needed
   */
  readonly standalone?: Standalone | undefined;
  /** Check values against the contracts' schemas on this side. @default true */
  readonly validate?: boolean | undefined;
  /**
   * What becomes of what JSON would change without a word: NaN and Infinity, symbols, promises, Maps, Sets, Errors, typed arrays and the
   * like. `"strict"` refuses a value that holds one, with the path to it; `"json"` sends what JSON makes of it: null, `{}` or nothing.
   * @default "strict"
   * @throws {TypeError} If it is another.
   */
  readonly values?: "strict" | "json" | undefined;
  /** An object with `debug`, `info`, `warn` and `error`, which gets what happens to the plugin; `false` is silent. @default lines on stderr, where the host's logger finds them */
  readonly logger?: Logger | false | undefined;
}

/** How a plugin serves without a host that started it. */
export interface Standalone {
  /** Ends it, as a host does that says to stop. */
  readonly signal: AbortSignal;
  /** Gets what a host needs to attach: NewClient({ reattach: config }). */
  onListening(config: ReattachConfig): void;
}

/** ServeOptions, checked, with their defaults. */
export interface ResolvedServeOptions {
  readonly handshake: ResolvedHandshake;
  readonly provides: ReadonlyMap<number, Provides>;
  configure(config: unknown, context: ConfigureContext): Awaitable<void>;
  readonly health: HealthCheck | undefined;
  readonly limits: ResolvedLimits;
  readonly tls: SecureContextOptions | undefined;
  readonly standalone: Standalone | undefined;
  readonly validate: boolean;
  readonly values: ValueRules;
  readonly logger: Logger;
}

const NAMES: ReadonlySet<string> = namesIn("handshake provides configure health limits tls standalone validate values logger");
const STANDALONE_NAMES: ReadonlySet<string> = namesIn("signal onListening");

/** @throws {TypeError | RangeError} An option that is unknown or wrong. */
export function resolveServeOptions(options: ServeOptions): ResolvedServeOptions {
  const from = readOptions("Cannot serve", options, NAMES);
  const handshake = resolveHandshake(from);
  return {
    handshake,
    provides: readVersions(from, handshake),
    configure: callback(from, "configure", () => {}),
    health: callback<HealthCheck, undefined>(from, "health", undefined),
    limits: resolveLimits(from),
    tls: options.tls === undefined ? undefined : certificates(from, "tls", "an object with a key and a cert", ["key", "cert"]),
    standalone: options.standalone === undefined ? undefined : readStandalone(from),
    validate: flag(from, "validate", true),
    values: readValues(from),
    logger: logger(from, "logger", stderrLogger),
  };
}

function readStandalone(from: OptionsSource): Standalone {
  const at = nested(from, "standalone", STANDALONE_NAMES);
  return {
    signal: signal(at, "signal", REQUIRED),
    onListening: callback<Standalone["onListening"], typeof REQUIRED>(at, "onListening", REQUIRED),
  };
}

/** A list of implementations is for the handshake's own version; an object has a list for each version. */
export function readVersions(from: OptionsSource, { apiVersion }: Pick<ResolvedHandshake, "apiVersion">): ResolvedServeOptions["provides"] {
  const { provides } = from.values;
  if (Array.isArray(provides)) return new Map([[apiVersion, readProvides(from, "provides")]]);
  const wanted = "a list of implement(…) results, or an object of such lists by apiVersion";
  if (!isObject(provides) || Object.keys(provides).length === 0) throw wrong(from, "provides", provides, wanted);
  return new Map(
    Object.entries(provides).map(([key, list]) => {
      const place = `provides[${key}]`;
      // A name that is no whole number reads as none, and is refused as that.
      const version = integer(placed(from, `the version of ${place}`, Number(key)), `the version of ${place}`, REQUIRED, 1);
      return [version, readProvides(placed(from, place, list), place)];
    }),
  );
}
