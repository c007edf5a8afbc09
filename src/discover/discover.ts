import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { resolve as absolute } from "node:path";
import { flag } from "../util/options/flags.js";
import { callback } from "../util/options/functions.js";
import { namesIn } from "../util/options/names.js";
import { directory } from "../util/options/paths.js";
import { mistake, option, REQUIRED, readOptions } from "../util/options/source.js";
import { problemOf } from "./check-glob.js";
import { Permissions } from "./permissions.js";

/** What discover() takes, and who is told of the rest. */
export interface DiscoverOptions {
  /** Takes files and directories, too, that other users can write to. @default false */
  readonly allowInsecure?: boolean | undefined;
  /** Called for each file that matched and was left out because others could have changed it; `why` is a clause. @default none */
  readonly onRefused?: ((path: string, why: string) => void) | undefined;
}

const NAMES: ReadonlySet<string> = namesIn("allowInsecure onRefused");

/**
 * Resolves with absolute paths of the plugins matching a glob, sorted by name.
 *
 * Only regular files that are executable, or end in `.js` or `.mjs`, match; links do not. No match is `[]`.
 * Left out as well is what other users can write to, by the mode or the owner of the file and of the directories on the way; this
 * user's own group may. `options.onRefused` is told.
 * `*`, `**`, `?`, `[abc]` and `{a,b}` are patterns; a name that begins with a dot matches where the pattern does too.
 * @param glob Relative to `dir`; from configuration, never from a stranger.
 * @param dir Where to look, as a path or a `file:` URL: the current directory, if it is left out.
 * @throws {TypeError} If the glob is empty, holds NUL, or has parentheses or too many stars and braces; if `dir` is no path, or an option unknown.
 * @throws {PluginError} `UNAUTHORIZED` If others can write to `dir`, or to a directory above it in which they could replace it.
 * @example for (const command of await discover("*.js", "plugins")) NewClient({ command });
 * @see https://github.com/mrmlnc/fast-glob#pattern-syntax
 */
export async function discover(glob: string, dir: string | URL = ".", options: DiscoverOptions = {}): Promise<string[]> {
  const { cwd, allowInsecure, onRefused } = resolve(glob, dir, options);
  const permissions = allowInsecure ? undefined : await Permissions.of(cwd);
  const { default: fastGlob } = await import("fast-glob");
  const paths = await fastGlob(glob, {
    cwd,
    absolute: true,
    onlyFiles: true,
    dot: false,
    followSymbolicLinks: false,
    suppressErrors: true,
    unique: true,
  });
  const runnable = await Promise.all(paths.map(isRunnable));
  const found = paths.filter((_, index) => runnable[index]).sort();
  if (permissions === undefined) return found;
  const refusals = await Promise.all(found.map((path) => permissions.whyRefused(path)));
  return found.filter((path, index) => {
    const why = refusals[index];
    if (why !== undefined) onRefused?.(path, why);
    return why === undefined;
  });
}

interface Resolved {
  /** Absolute. */
  readonly cwd: string;
  readonly allowInsecure: boolean;
  readonly onRefused: DiscoverOptions["onRefused"];
}

function resolve(glob: string, dir: string | URL, options: DiscoverOptions): Resolved {
  const from = readOptions("Cannot discover plugins", options, NAMES);
  const given = { ...from, values: { glob, dir } };
  const problem = problemOf(option(given, "glob", REQUIRED, isGlob, "a text that is not empty"));
  if (problem !== undefined) throw mistake(from, `glob ${problem}`);
  return {
    cwd: absolute(directory(given, "dir", ".")),
    allowInsecure: flag(from, "allowInsecure", false),
    onRefused: callback(from, "onRefused", undefined),
  };
}

function isGlob(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

async function isRunnable(path: string): Promise<boolean> {
  const isScript = /\.m?js$/.test(path);
  // On Windows every file is said to be executable.
  if (!isScript && process.platform === "win32" && !/\.(exe|com)$/i.test(path)) return false;
  const wanted = isScript ? constants.R_OK : constants.X_OK;
  return access(path, wanted).then(
    () => true,
    () => false,
  );
}
