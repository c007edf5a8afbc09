import { lstat, stat } from "node:fs/promises";
import { resolve as absolute } from "node:path";
import { PluginError } from "../errors.js";
import { flag } from "../util/options/flags.js";
import { callback } from "../util/options/functions.js";
import { namesIn } from "../util/options/names.js";
import { directory } from "../util/options/paths.js";
import { mistake, option, REQUIRED, readOptions } from "../util/options/source.js";
import { problemOf } from "./check-glob.js";
import { directoriesOf, findMatches } from "./find-matches.js";
import { whyLeftOut } from "./left-out.js";
import { Permissions } from "./permissions.js";

/** What discover() takes, and who is told of the rest. */
export interface DiscoverOptions {
  /** Takes files and directories, too, that other users can write to. @default false */
  readonly allowInsecure?: boolean | undefined;
  /**
   * Takes links, too, to files and to directories, as pnpm and workspaces make them for packages. What they lead to, and the way there,
   * must be nobody else's. Links in a directory that a link leads to are not followed.
   * @default false
   */
  readonly followLinks?: boolean | undefined;
  /**
   * Called for each file, directory and link that matched and was left out. `why` is a clause; `as` is `insecure` where others could have
   * changed what could be run, and `unfit` for links, directories and what cannot be run.
   * @default none
   */
  readonly onRefused?: ((path: string, why: string, as: "insecure" | "unfit") => void) | undefined;
}

const NAMES: ReadonlySet<string> = namesIn("allowInsecure followLinks onRefused");

/**
 * Resolves with absolute paths of the plugins matching a glob, sorted by name.
 *
 * Only regular files that are executable, or end in `.js`, `.mjs` or `.cjs`, match; links do not, nor what is behind one that the glob
 * does not name letter by letter. No match is `[]`. Left out as well is what other users can write to, by the mode or the owner of the file and of the directories on the way; this
 * user's own group may. `options.onRefused` is told of each.
 * `*`, `**`, `?`, `[abc]` and `{a,b}` are patterns; a name that begins with a dot matches where the pattern does too.
 * @param glob Relative to `dir`; from configuration, never from a stranger.
 * @param dir Where to look, as a path or a `file:` URL: the current directory, if it is left out.
 * @throws {TypeError} If the glob is empty, holds NUL, or has parentheses or too many stars and braces; if `dir` is no path, or an option unknown.
 * @throws {PluginError} `NOT_FOUND` If `dir` is no directory that is there and can be read.
 * @throws {PluginError} `UNAUTHORIZED` If others can write to `dir`, or to a directory above it in which they could replace it.
 * @example for (const command of await discover("*.js", "plugins")) NewClient({ command });
 * @see https://github.com/mrmlnc/fast-glob#pattern-syntax
 */
export async function discover(glob: string, dir: string | URL = ".", options: DiscoverOptions = {}): Promise<string[]> {
  const { cwd, allowInsecure, followLinks, onRefused } = resolve(glob, dir, options);
  await requireDirectory(cwd);
  const permissions = allowInsecure ? undefined : await Permissions.of(cwd);
  const paths = (await findMatches(glob, { cwd, followLinks })).sort();
  const leftOut = await Promise.all(paths.map((path) => whyLeftOut(path, { followLinks, permissions })));
  if (onRefused !== undefined) {
    const links = followLinks ? [] : await linksOnTheWay(glob, cwd);
    // What a pattern names by itself is looked behind.
    const unseen = links.filter((link) => !paths.some((path) => path.startsWith(`${link}/`)));
    for (const link of unseen) onRefused(link, "it is a link, and what is behind it was not looked at", "unfit");
    for (const [index, found] of leftOut.entries()) if (found !== undefined) onRefused(paths[index] as string, found.why, found.as);
  }
  return paths.filter((_, index) => leftOut[index] === undefined);
}

/** Links to directories, through which the glob would lead. */
async function linksOnTheWay(glob: string, cwd: string): Promise<string[]> {
  const matching = { cwd, followLinks: false };
  const paths = await Promise.all(directoriesOf(glob).map((each) => findMatches(each, matching)));
  const isLink = await Promise.all(paths.flat().map(isLinkAt));
  const links = paths.flat().filter((_, index) => isLink[index]);
  const isDirectory = await Promise.all(
    [...new Set(links)].map((path) =>
      stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      ),
    ),
  );
  return [...new Set(links)].filter((_, index) => isDirectory[index]).sort();
}

function isLinkAt(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}

async function requireDirectory(dir: string): Promise<void> {
  const found = await stat(dir).catch((cause: NodeJS.ErrnoException) => {
    const what = cause.code === "ENOENT" ? "there is no such directory" : `it cannot be looked at (${cause.code})`;
    throw new PluginError("NOT_FOUND", `Cannot discover plugins in "${dir}": ${what}\n  Make it, or name another.`, { cause });
  });
  if (!found.isDirectory())
    throw new PluginError("NOT_FOUND", `Cannot discover plugins in "${dir}": it is no directory\n  Name the directory it is in.`);
}

interface Resolved {
  /** Absolute. */
  readonly cwd: string;
  readonly allowInsecure: boolean;
  readonly followLinks: boolean;
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
    followLinks: flag(from, "followLinks", false),
    onRefused: callback(from, "onRefused", undefined),
  };
}

function isGlob(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
