import { basename, relative, resolve, sep } from "node:path";
import { isPluginError } from "../errors.js";
import { flag } from "../util/options/flags.js";
import { list } from "../util/options/lists.js";
import { namesIn } from "../util/options/names.js";
import { directory } from "../util/options/paths.js";
import { option, readOptions } from "../util/options/source.js";
import { escapeLine } from "../util/text/escape-controls.js";
import { discover } from "./discover.js";

/** A plugin that was found, and what it goes by. */
export interface DiscoveredPlugin {
  /** The file's name without `.js`, `.mjs`, `.cjs` or `.exe`; of a file in a folder, the name of the folder right below the directory. */
  readonly name: string;
  /** Its absolute path. */
  readonly command: string;
}
/** Why a file, or a whole directory, was left out. */
export interface DiscoverProblem {
  /** What was left out. */
  readonly path: string;
  /**
   * `insecure`: others could have changed it. `duplicate-name`: another file of the same directory has that name, in whatever case.
   * `bad-name`: a plugin of a host cannot go by that name.
   */
  readonly reason: "insecure" | "duplicate-name" | "bad-name";
  /** The same as a sentence, with what to do. */
  readonly message: string;
}
/** What discoverPlugins() found. */
export interface DiscoveredPlugins {
  /** One for each name, sorted by name. */
  readonly plugins: readonly DiscoveredPlugin[];
  /** All that was left out, but for files that gave way to one of a later directory. */
  readonly problems: readonly DiscoverProblem[];
}
/** What discoverPlugins() takes. */
export interface DiscoverPluginsOptions {
  /** As that of discover(): which files of each directory. @default "*" */
  readonly glob?: string | undefined;
  /** As that of discover(). @default false */
  readonly allowInsecure?: boolean | undefined;
}

const NAMES: ReadonlySet<string> = namesIn("glob allowInsecure");
// What a host takes for an id.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Finds the plugins of several directories. Of a name that is in more than one the later directory's is taken, so that a user's own
 * directory, named last, overrides the system's. What is wrong with any of them is told together and keeps no other plugin out.
 *
 * A directory that does not exist holds no plugins. Names that differ by case alone are one name.
 * @throws {TypeError} If the directories are no list of paths or `file:` URLs, the glob cannot be used, or an option is unknown.
 * @example const { plugins, problems } = await discoverPlugins(["/usr/lib/app/plugins", join(homedir(), ".app/plugins")]);
 */
export async function discoverPlugins(
  directories: readonly (string | URL)[],
  options: DiscoverPluginsOptions = {},
): Promise<DiscoveredPlugins> {
  const from = readOptions("Cannot discover plugins", options, NAMES);
  const given = { ...from, values: { directories } };
  const dirs = list(given, "directories", "a list of paths or file: URLs", (entry, place) => resolve(directory(entry, place, ".")));
  const glob = option(from, "glob", "*", (value): value is string => typeof value === "string", "a text");
  const each = await Promise.all(dirs.map((dir) => searchOne(dir, glob, flag(from, "allowInsecure", false))));
  // Without case: on some systems that is one file, and a directory may move to one of those.
  const byName = new Map<string, DiscoveredPlugin>();
  for (const { plugins } of each) for (const plugin of plugins) byName.set(plugin.name.toLowerCase(), plugin);
  const plugins = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { plugins, problems: each.flatMap(({ problems }) => problems) };
}

async function searchOne(dir: string, glob: string, allowInsecure: boolean): Promise<DiscoveredPlugins> {
  const problems: DiscoverProblem[] = [];
  const onRefused = (path: string, why: string, as: "insecure" | "unfit"): void => {
    // What is no plugin at all is nothing to be told of.
    if (as === "insecure") problems.push({ path, reason: "insecure", message: `Left out "${escapeLine(path)}": ${why}` });
  };
  try {
    const paths = await discover(glob, dir, { allowInsecure, onRefused });
    return { plugins: namePlugins(dir, paths, problems), problems };
  } catch (error) {
    if (isPluginError(error, "NOT_FOUND")) return { plugins: [], problems };
    if (!isPluginError(error, "UNAUTHORIZED")) throw error;
    return { plugins: [], problems: [{ path: dir, reason: "insecure", message: error.message }] };
  }
}

/** The first in order has a name; all of that name are told. */
function namePlugins(dir: string, paths: readonly string[], problems: DiscoverProblem[]): DiscoveredPlugin[] {
  const taken = new Map<string, DiscoveredPlugin>();
  for (const command of paths) {
    const name = nameOf(dir, command);
    const holder = taken.get(name.toLowerCase());
    const [shown, left] = [JSON.stringify(name), `Left out "${escapeLine(command)}"`];
    if (!NAME.test(name)) {
      const rule = "a name is letters, digits, dots, underscores and dashes, and begins with a letter or a digit";
      problems.push({ path: command, reason: "bad-name", message: `${left}: a plugin cannot be named ${shown}\n  ${rule}.` });
    } else if (holder === undefined) taken.set(name.toLowerCase(), { name, command });
    else {
      const message = `${left}: the plugin name ${shown} is taken by "${escapeLine(holder.command)}"\n  Rename one of them.`;
      problems.push({ path: command, reason: "duplicate-name", message });
    }
  }
  return [...taken.values()];
}

function nameOf(dir: string, path: string): string {
  const [first = "", ...rest] = relative(dir, path).split(sep);
  return rest.length > 0 ? first : basename(path).replace(/\.([cm]?js|exe|com)$/, "");
}
