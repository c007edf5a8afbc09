import type { SecureContextOptions } from "node:tls";
import { type Implementation, type ImplementationRecord, readImplementations } from "../contract/implement.js";
import type { Awaitable } from "../contract/views.js";
import { checkApiVersion, type Handshake, type ResolvedHandshake, resolveHandshake } from "../handshake/cookie.js";
import type { ReattachConfig } from "../handshake/reattach-config.js";
import { namesAuthorities } from "../util/authorities.js";
import type { Logger } from "../util/logger.js";
import { faultOfOptions } from "../util/plain-options.js";
import { safeLogger } from "../util/safe-logger.js";
import { showValue } from "../util/show-value.js";
import { type Limits, type ResolvedLimits, resolveLimits } from "../wire/limits.js";
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
   * Receives the host's `config` before anything is called; throwing declines to start, and the host is told why.
   * @default accepts everything
   */
  readonly configure?: ((config: unknown) => Awaitable<void>) | undefined;
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
   * @default none: the process is a host's plugin
   */
  readonly standalone?: Standalone | undefined;
  /** Check values against the contracts' schemas on this side. @default true */
  readonly validate?: boolean | undefined;
  /** Gets what happens to the plugin. @default lines on stderr, where the host's logger finds them */
  readonly logger?: Logger | undefined;
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
  readonly provides: ReadonlyMap<number, readonly ImplementationRecord[]>;
  configure(config: unknown): Awaitable<void>;
  readonly limits: ResolvedLimits;
  readonly tls: SecureContextOptions | undefined;
  readonly standalone: Standalone | undefined;
  readonly validate: boolean;
  readonly logger: Logger;
}

const NAMES = new Set(["handshake", "provides", "configure", "limits", "tls", "standalone", "validate", "logger"]);

/** @throws {TypeError | RangeError} An option that is unknown or wrong. */
export function resolveServeOptions(options: ServeOptions): ResolvedServeOptions {
  if (typeof options !== "object" || options === null) throw new TypeError("Cannot serve: the options must be an object with provides");
  const fault = faultOfOptions(options, NAMES);
  if (fault !== undefined) throw new TypeError(`Cannot serve: ${fault}`);
  const { configure = () => {}, validate = true } = options;
  if (typeof configure !== "function") throw new TypeError("Cannot serve: configure must be a function");
  if (typeof validate !== "boolean") throw new TypeError(`Cannot serve: validate is ${showValue(validate)}, and it must be true or false`);
  const logger = options.logger === undefined ? stderrLogger : safeLogger(checkLogger(options.logger));
  const handshake = resolveHandshake(options.handshake);
  const standalone = checkStandalone(options.standalone);
  const provides = resolveProvides(options.provides, handshake);
  const limits = resolveLimits(options.limits);
  return { handshake, provides, configure, limits, tls: checkTls(options.tls), standalone, validate, logger };
}

function checkTls(tls: Partial<SecureContextOptions> | undefined): SecureContextOptions | undefined {
  if (tls === undefined) return undefined;
  if (!tls?.key || !tls.cert || !(typeof tls.cert === "string" || tls.cert instanceof Uint8Array)) {
    throw new TypeError("Cannot serve: tls must be an object with a key and a cert, each a text or a Buffer");
  }
  if (tls.ca !== undefined && !namesAuthorities(tls.ca)) {
    throw new TypeError(
      "Cannot serve: tls.ca, by which a host's certificate is checked, must be a text or a Buffer in PEM, or a list of them",
    );
  }
  return { ...tls };
}

function checkStandalone(standalone: Partial<Standalone> | undefined): Standalone | undefined {
  if (standalone === undefined) return undefined;
  const isSignal = typeof standalone?.signal?.addEventListener === "function";
  if (isSignal && typeof standalone.onListening === "function") return standalone as Standalone;
  throw new TypeError("Cannot serve: standalone must have an AbortSignal as signal, and a function onListening");
}

function checkLogger(logger: Logger): Logger {
  const lacking = (["debug", "info", "warn", "error"] as const).filter(
    (name) => typeof (logger as Partial<Logger> | null)?.[name] !== "function",
  );
  if (lacking.length > 0) throw new TypeError(`Cannot serve: logger has no function ${lacking.join(", ")}`);
  return logger;
}

function resolveProvides(
  provides: ServeOptions["provides"],
  { apiVersion }: ResolvedHandshake,
): Map<number, readonly ImplementationRecord[]> {
  if (Array.isArray(provides)) return new Map([[apiVersion, readImplementations(provides, "provides")]]);
  if (typeof provides !== "object" || provides === null || Object.keys(provides).length === 0) {
    throw new TypeError("Cannot serve: provides must be a list of implement(…) results, or one such list per apiVersion");
  }
  return new Map(
    Object.entries(provides).map(([version, list]) => {
      checkApiVersion(Number(version));
      return [Number(version), readImplementations(list, `provides[${version}]`)];
    }),
  );
}
