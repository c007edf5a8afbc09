import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkGlob } from "./check-glob.js";

/**
 * Resolves with absolute paths of the plugins matching a glob, sorted by name.
 *
 * Only regular files that are executable, or end in `.js` or `.mjs`, match; links do not. No match is `[]`.
 * `*`, `**`, `?`, `[abc]` and `{a,b}` are patterns; a name that begins with a dot matches where the pattern does too.
 * @param glob Relative to `dir`; from configuration, never from a stranger.
 * @param dir @default the current directory
 * @throws {TypeError} If the glob is empty, or has parentheses or too many stars and braces.
 * @example for (const command of await discover("*.js", "plugins")) NewClient({ command });
 * @see https://github.com/mrmlnc/fast-glob#pattern-syntax
 */
export async function discover(glob: string, dir: string | URL = "."): Promise<string[]> {
  checkGlob(glob);
  const cwd = resolve(dir instanceof URL ? fileURLToPath(dir) : dir);
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
  return paths.filter((_, index) => runnable[index]).sort();
}

async function isRunnable(path: string): Promise<boolean> {
  const wanted = /\.m?js$/.test(path) ? constants.R_OK : constants.X_OK;
  return access(path, wanted).then(
    () => true,
    () => false,
  );
}
