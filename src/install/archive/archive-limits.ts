import { integer } from "../../util/options/numbers.js";
import { nested, type OptionsSource } from "../../util/options/source.js";

/** How large a package may be. Beyond one of these it is refused, and nothing of it is kept. */
export interface PackageLimits {
  /** Files and directories. @default 2_000 */
  readonly maxEntries?: number | undefined;
  /** Bytes of the archive itself. @default 104_857_600 */
  readonly maxArchiveBytes?: number | undefined;
  /** Bytes of all files, unpacked. @default 104_857_600 */
  readonly maxTotalBytes?: number | undefined;
  /** Bytes of one file, unpacked. @default 52_428_800 */
  readonly maxFileBytes?: number | undefined;
  /** How many times longer a file of more than 1 MiB may be than it is in the archive. @default 200 */
  readonly maxRatio?: number | undefined;
  /** Directories within each other. @default 16 */
  readonly maxDepth?: number | undefined;
  /** Bytes of a path. @default 200 */
  readonly maxNameBytes?: number | undefined;
}
export type ResolvedPackageLimits = { readonly [K in keyof PackageLimits]-?: number };

const MIB = 2 ** 20;
export const DEFAULT_LIMITS: ResolvedPackageLimits = {
  maxEntries: 2_000,
  maxArchiveBytes: 100 * MIB,
  maxTotalBytes: 100 * MIB,
  maxFileBytes: 50 * MIB,
  maxRatio: 200,
  maxDepth: 16,
  maxNameBytes: 200,
};

/** @throws {TypeError | RangeError} */
export function readPackageLimits(from: OptionsSource, name: string): ResolvedPackageLimits {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof PackageLimits)[];
  const limits = nested(from, name, new Set<string>(names));
  return Object.fromEntries(names.map((each) => [each, integer(limits, each, DEFAULT_LIMITS[each], 1)])) as ResolvedPackageLimits;
}
