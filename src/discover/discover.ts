import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { readPath } from "../util/path-option.js";
import { faultOfOptions } from "../util/plain-options.js";
import { showValue } from "../util/show-value.js";
import { checkGlob } from "./check-glob.js";
import { Permissions } from "./permissions.js";

/** What discover() takes, and who is told of the rest. */
export interface DiscoverOptions {
  /** Takes files and directories, too, that other users can write to. @default false */
  readonly allowInsecure?: boolean | undefined;
  /** Called for each file that matched and was left out because others could have changed it; `why` is a clause. @default none */
  readonly onRefused?: ((path: string, why: string) => void) | undefined;
}

const NAMES = new Set(["allowInsecure", "onRefused"]);

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
  checkGlob(glob);
  const fault = faultOfOptions(options, NAMES);
  if (fault !== undefined) throw new TypeError(`Cannot discover plugins: ${fault}`);
  const { allowInsecure = false, onRefused } = options;
  const cwd = resolve(checkDir(dir));
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

function checkDir(dir: unknown): string {
  const path = readPath(dir);
  if (path !== undefined) return path;
  throw new TypeError(`Cannot discover plugins: dir is ${showValue(dir)}, and it must be a directory's path or file: URL`);
}

async function isRunnable(path: string): Promise<boolean> {
  const wanted = /\.m?js$/.test(path) ? constants.R_OK : constants.X_OK;
  return access(path, wanted).then(
    () => true,
    () => false,
  );
}
