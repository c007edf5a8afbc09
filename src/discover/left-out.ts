import { constants } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import type { Permissions } from "./permissions.js";

/** What decides which of the files that match are taken. */
export interface Rules {
  readonly followLinks: boolean;
  /** Undefined where other users do not matter. */
  readonly permissions: Permissions | undefined;
}

/** Why a file that matched is left out. */
export interface LeftOut {
  /** A clause. */
  readonly why: string;
  /** `insecure`: others could have changed what could be run. `unfit`: a link, a directory, or what cannot be run. */
  readonly as: "insecure" | "unfit";
}

/** Says why a file that matched is left out; undefined if it is not. */
export async function whyLeftOut(path: string, { followLinks, permissions }: Rules): Promise<LeftOut | undefined> {
  const unfit = await whyUnfit(path, followLinks);
  const why = unfit ?? (await permissions?.whyRefused(path));
  return why === undefined ? undefined : { why, as: unfit === undefined ? "insecure" : "unfit" };
}

async function whyUnfit(path: string, followLinks: boolean): Promise<string | undefined> {
  try {
    if (!followLinks && (await lstat(path)).isSymbolicLink()) return "it is a link";
    const found = await stat(path);
    if (found.isDirectory()) return "it is a directory";
    if (!found.isFile()) return "it is no regular file";
  } catch (error) {
    return `it cannot be looked at (${(error as NodeJS.ErrnoException).code})`;
  }
  return whyNotRunnable(path);
}

async function whyNotRunnable(path: string): Promise<string | undefined> {
  const isScript = /\.[cm]?js$/.test(path);
  const ending = process.platform === "win32" && !isScript && !/\.(exe|com)$/i.test(path);
  const lack = "it is not executable, and does not end in .js, .mjs or .cjs";
  // On Windows every file is said to be executable.
  if (ending) return lack;
  return access(path, isScript ? constants.R_OK : constants.X_OK).then(
    () => undefined,
    () => (isScript ? "this user may not read it" : lack),
  );
}
