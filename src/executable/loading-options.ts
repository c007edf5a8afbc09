import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const MODULES: ReadonlySet<string> = new Set(["--import", "--require", "-r", "--loader", "--experimental-loader"]);
const CONDITIONS: ReadonlySet<string> = new Set(["--conditions", "-C"]);
const FLAGS =
  /^--((no-)?(experimental-)?(strip-types|require-module)|experimental-transform-types|preserve-symlinks(-main)?|experimental-default-type=.*)$/;

/**
 * Those of Node.js's options that decide what is loaded and how, of the ones that this program was started with.
 *
 * A path in them starts at this program's directory, and the plugin may run in another: it is made absolute. What cannot be found
 * from here any more is left out, for a plugin would not start with it.
 * @param ownCwd Where this program runs.
 * @param cwd Where the plugin will.
 */
export function loadingOptions(execArgv: readonly string[], ownCwd: string, cwd: string): string[] {
  const words = execArgv.values();
  const result: string[] = [];
  for (const word of words) {
    if (FLAGS.test(word)) result.push(word);
    const [, name = "", , written] = /^(--?[A-Za-z-]+)(=(.*))?$/s.exec(word) ?? [];
    if (!MODULES.has(name) && !CONDITIONS.has(name)) continue;
    const value = written ?? words.next().value;
    const found = value === undefined || CONDITIONS.has(name) ? value : locate(name, value, ownCwd, cwd);
    if (found !== undefined) result.push(name, found);
  }
  return result;
}

function locate(name: string, specifier: string, ownCwd: string, cwd: string): string | undefined {
  // Absolute, or a URL: `C:` is a drive.
  if (/^([/\\]|[a-z][a-z\d+.-]*:)/i.test(specifier)) return specifier;
  const isImport = name !== "--require" && name !== "-r";
  if (isImport && /^\.\.?[/\\]/.test(specifier)) {
    const file = resolve(ownCwd, specifier);
    return existsSync(file) ? pathToFileURL(file).href : undefined;
  }
  try {
    const file = createRequire(join(ownCwd, "of-this-program.js")).resolve(specifier);
    // By its name the package has the form that it has for import.
    if (cwd === ownCwd && isImport) return specifier;
    return isImport ? pathToFileURL(file).href : file;
  } catch (error) {
    const isForImport = (error as NodeJS.ErrnoException).code === "ERR_PACKAGE_PATH_NOT_EXPORTED";
    return isForImport && isImport && cwd === ownCwd ? specifier : undefined;
  }
}
