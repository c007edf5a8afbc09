import { lstat, readlink, stat } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { PluginError } from "../errors.js";
import { faultOf, follow, type LookingAtLinks, lookAsUser } from "../util/trusted-path.js";

/** Finds what other users could have put into a directory of plugins, or changed there. */
export class Permissions {
  /** Without links. */
  readonly #dir: string;
  readonly #looking: LookingAtLinks;

  private constructor(dir: string, looking: LookingAtLinks) {
    this.#dir = dir;
    this.#looking = looking;
  }

  /**
   * Undefined where there is no such directory, or the system has no users in this sense.
   * @throws {PluginError} `UNAUTHORIZED` Others can write to the directory, or can change what its path leads to.
   */
  static async of(dir: string): Promise<Permissions | undefined> {
    const own = lookAsUser({ stat, lstat, readlink });
    const exists = await stat(dir).then(
      () => true,
      () => false,
    );
    if (own === undefined || !exists) return undefined;
    // The directories on the way are the same for many files.
    const looking = { ...own, look: once(own.look), readLink: once(own.readLink) };
    const way = await follow(dir, looking);
    const fault = "fault" in way ? way.fault : await faultOf(way.real, looking);
    if (fault === undefined && "real" in way) return new Permissions(way.real, looking);
    throw new PluginError(
      "UNAUTHORIZED",
      `Cannot discover plugins in "${dir}": ${fault}, so what is in there may be somebody else's\n  Take that right away (chmod go-w, chown), or pass allowInsecure: true.`,
    );
  }

  /** Says why a file is left out; undefined if it is not. */
  async whyRefused(file: string): Promise<string | undefined> {
    try {
      const way = await follow(file, this.#looking);
      if ("fault" in way) return way.fault;
      return (await faultOf(way.real, this.#looking)) ?? (await this.#faultAbove(way.real));
    } catch (error) {
      return `"${file}" cannot be looked at (${(error as NodeJS.ErrnoException).code})`;
    }
  }

  // The directory itself was checked. Below it no sticky bit will do: what others put there would be found. A pattern may lead out of
  // it, too, and to where it leads the same holds.
  async #faultAbove(path: string): Promise<string | undefined> {
    const dir = dirname(path);
    if (dir === this.#dir) return undefined;
    const fault = await faultOf(dir, this.#looking);
    return fault ?? (dir.startsWith(this.#dir + sep) ? this.#faultAbove(dir) : undefined);
  }
}

function once<T>(look: (path: string) => Promise<T>): (path: string) => Promise<T> {
  const seen = new Map<string, Promise<T>>();
  return (path) => {
    const found = seen.get(path) ?? look(path);
    seen.set(path, found);
    return found;
  };
}
