import { flag } from "../../util/options/flags.js";
import { patience } from "../../util/options/numbers.js";
import { signal } from "../../util/options/signals.js";
import { option, readOptions } from "../../util/options/source.js";
import type { Grants } from "../grants.js";
import { readGrants } from "../options/resolve-spec.js";

/** How a package is installed. */
export interface InstallOptions {
  /** SHA-256 of the archive, as 64 hex digits: another one is refused. @default any */
  readonly sha256?: string | undefined;
  /** May a URL lead to this machine and its network? @default false */
  readonly allowPrivate?: boolean | undefined;
  /** How long a download may take, redirects included, in milliseconds. @default 120_000 */
  readonly timeoutMs?: number | undefined;
  /** What the plugin may do at once. @default nothing */
  readonly grants?: Grants | undefined;
  /** Its settings at first, for one that does not start without. @default {} */
  readonly settings?: unknown;
  /** Gives the work up; nothing is left of it then. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** How a package is updated. */
export type UpdateOptions = Omit<InstallOptions, "grants" | "settings">;

export interface ResolvedInstallOptions {
  readonly sha256: string | undefined;
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
  readonly grants: Grants;
  readonly settings: unknown;
  readonly signal: AbortSignal | undefined;
}

const NAMES = new Set("sha256 allowPrivate timeoutMs grants settings signal".split(" "));
const UPDATE_NAMES = new Set("sha256 allowPrivate timeoutMs signal".split(" "));
const NOTHING: Grants = Object.freeze({ contracts: [], events: [], actions: [], hooks: [], http: false });

/** @throws {TypeError | RangeError} */
export function resolveInstallOptions(attempt: string, options: InstallOptions, isUpdate = false): ResolvedInstallOptions {
  const from = readOptions(attempt, options, isUpdate ? UPDATE_NAMES : NAMES);
  const isDigest = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{64}$/i.test(value);
  return {
    sha256: option(from, "sha256", undefined, isDigest, "the SHA-256 of the archive, as 64 hex digits"),
    allowPrivate: flag(from, "allowPrivate", false),
    timeoutMs: patience(from, "timeoutMs", 120_000),
    grants: readGrants(from, "grants", NOTHING),
    settings: from.values["settings"],
    signal: signal(from, "signal", undefined),
  };
}

/** A source is a path or a URL. @throws {TypeError} */
export function checkSource(attempt: string, source: unknown): void {
  const fits = source instanceof URL || (typeof source === "string" && source !== "" && !source.includes("\0"));
  if (!fits) throw new TypeError(`${attempt}: the source must be a path of a directory or zip, or a URL`);
}
