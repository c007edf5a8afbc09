import type { Stats } from "node:fs";
import { COMPILE_CACHE } from "../handshake/env-names.js";

// A file of the cache is a SHA-256 of what follows, which is V8's own form of a script.
const DIGEST_BYTES = 32;
// V8 makes about 0.3 MB of what a plugin loads.
const MAX_BYTES = 4 * 1_024 * 1_024;

/** Where V8's form of one script is kept for this Node.js, and that form, where it is there and in order. */
export interface CacheEntry {
  readonly file: string;
  readonly compiled: Buffer | undefined;
}

/** What decides where the cache is. */
export interface Place {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The user's directory as the system knows it, asked for where the environment does not say. May throw. */
  home(): string;
}

/**
 * The directory of the cache: the user's own directory for such things, and `mortise` in it. Undefined where it is turned off, by
 * Node.js's own variable too, where the coverage of code is measured, which it would make imprecise, and where there is no such place.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function cacheDirectory({ env, platform, home }: Place): string | undefined {
  const asked = env[COMPILE_CACHE];
  if (asked === "0" || env["NODE_DISABLE_COMPILE_CACHE"] === "1" || env["NODE_V8_COVERAGE"]) return undefined;
  if (isAbsolute(asked, platform)) return asked;
  if (platform === "win32") return isAbsolute(env["LOCALAPPDATA"], platform) ? `${env["LOCALAPPDATA"]}\\mortise` : undefined;
  const { XDG_CACHE_HOME: xdg } = env;
  if (isAbsolute(xdg, platform)) return `${xdg}/mortise`;
  const own = env["HOME"] || homeOf(home);
  return isAbsolute(own, platform) ? `${own}/${platform === "darwin" ? "Library/Caches" : ".cache"}/mortise` : undefined;
}

function homeOf(home: () => string): string | undefined {
  try {
    return home();
  } catch {
    return undefined; // A user whom the system does not list, as in many containers.
  }
}

// Not node:path, for two lines: a plugin's start loads as little as it can.
function isAbsolute(path: string | undefined, platform: NodeJS.Platform): path is string {
  return path !== undefined && (platform === "win32" ? /^([a-z]:|\\)\\/i.test(path) : path.startsWith("/"));
}

/** Says whether nobody but this user, and root, could have written what is there. Where there are no users, the directory is the user's own. */
export function isOwn({ uid, mode }: Stats): boolean {
  const user = process.geteuid?.();
  return user === undefined || ((uid === user || uid === 0) && (mode & 0o022) === 0);
}

/**
 * Looks a script up in the cache. Undefined where there is none; never throws.
 *
 * V8 takes its form of a script for that of any script as long: hence the script's digest in the name. What else it checks by itself, its
 * version, its flags and the features of the processor, is in the name as well, so that different plugins do not take each other's place.
 */
export function openEntry(script: Buffer, builtin: typeof process.getBuiltinModule): CacheEntry | undefined {
  const { env, platform, arch, versions } = process;
  const directory = cacheDirectory({ env, platform, home: () => builtin("node:os").homedir() });
  if (directory === undefined) return undefined;
  const sha256 = (bytes: Buffer): Buffer => builtin("node:crypto").createHash("sha256").update(bytes).digest();
  const tag = builtin("node:v8").cachedDataVersionTag().toString(16);
  const name = `plugin-${sha256(script).toString("hex", 0, 8)}-${versions.v8}-${platform}-${arch}-${tag}.cache`;
  const file = `${directory}/${name}`;
  return { file, compiled: readEntry(directory, file, sha256, builtin("node:fs")) };
}

/** What is kept in a file, unless it is damaged, or somebody else could have written it: it would run as this user. */
function readEntry(
  directory: string,
  file: string,
  sha256: (bytes: Buffer) => Buffer,
  { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync }: typeof import("node:fs"),
): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    const holder = lstatSync(directory);
    if (!holder.isDirectory() || !isOwn(holder)) return undefined;
    // Windows has neither; no pipe is waited for.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const found = fstatSync(descriptor);
    if (!found.isFile() || !isOwn(found) || found.size > MAX_BYTES) return undefined;
    const bytes = readFileSync(descriptor);
    const compiled = bytes.subarray(DIGEST_BYTES);
    // V8 does not see damage, which would end the process.
    return sha256(compiled).equals(bytes.subarray(0, DIGEST_BYTES)) ? compiled : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
