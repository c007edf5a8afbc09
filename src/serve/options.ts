import { type Implementation, type ImplementationRecord, readImplementations } from "../contract/implement.js";
import type { Awaitable } from "../contract/views.js";
import { checkApiVersion, type Handshake, type ResolvedHandshake, resolveHandshake } from "../handshake/cookie.js";
import type { Logger } from "../util/logger.js";
import { type Limits, type ResolvedLimits, resolveLimits } from "../wire/limits.js";
import { stderrLogger } from "./stderr-logger.js";

export interface ServeOptions {
  readonly handshake?: Handshake | undefined;
  /** One list, or one list per apiVersion. */
  readonly provides: readonly Implementation[] | Readonly<Record<number, readonly Implementation[]>>;
  /** Receives the host's `config` first; throwing declines to start, and the host is told why. */
  readonly configure?: ((config: unknown) => Awaitable<void>) | undefined;
  readonly limits?: Limits | undefined;
  /** @default lines on stderr, where the host's logger finds them */
  readonly logger?: Logger | undefined;
}

/** ServeOptions, checked, with their defaults. */
export interface ResolvedServeOptions {
  readonly handshake: ResolvedHandshake;
  readonly provides: ReadonlyMap<number, readonly ImplementationRecord[]>;
  configure(config: unknown): Awaitable<void>;
  readonly limits: ResolvedLimits;
  readonly logger: Logger;
}

const NAMES: readonly string[] = ["handshake", "provides", "configure", "limits", "logger"];

/** @throws {TypeError | RangeError} An option that is unknown or wrong. */
export function resolveServeOptions(options: ServeOptions): ResolvedServeOptions {
  if (typeof options !== "object" || options === null) throw new TypeError("Cannot serve: the options must be an object with provides");
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) throw new TypeError(`Cannot serve: there is no option "${name}"; the options are ${NAMES.join(", ")}`);
  }
  const { configure = () => {}, logger = stderrLogger } = options;
  if (typeof configure !== "function") throw new TypeError("Cannot serve: configure must be a function");
  checkLogger(logger);
  const handshake = resolveHandshake(options.handshake);
  return { handshake, provides: resolveProvides(options.provides, handshake), configure, limits: resolveLimits(options.limits), logger };
}

function checkLogger(logger: Partial<Logger> | null): void {
  const lacking = (["debug", "info", "warn", "error"] as const).filter((name) => typeof logger?.[name] !== "function");
  if (lacking.length > 0) throw new TypeError(`Cannot serve: logger has no function ${lacking.join(", ")}`);
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
