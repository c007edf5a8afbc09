import { realpath, stat } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { PluginError } from "../errors.js";
import { faultAbove, faultOf, type Looking, type Ownership } from "../util/trusted-path.js";

/** Finds what other users could have put into a directory of plugins, or changed there. */
export class Permissions {
  readonly #dir: string;
  readonly #looking: Looking;
  readonly #seen = new Map<string, Promise<Ownership>>();

  private constructor(dir: string, uid: number) {
    this.#dir = dir;
    const look = (path: string): Promise<Ownership> => {
      const seen = this.#seen.get(path) ?? stat(path);
      this.#seen.set(path, seen);
      return seen;
    };
    this.#looking = { uid, gid: process.getegid?.() ?? uid, look };
  }

  /**
   * Undefined where there is no such directory, or the system has no users in this sense.
   * @throws {PluginError} `UNAUTHORIZED` Others can write to the directory.
   */
  static async of(dir: string): Promise<Permissions | undefined> {
    const uid = process.geteuid?.();
    const real = await realpath(dir).catch(() => undefined);
    if (uid === undefined || real === undefined) return undefined;
    const permissions = new Permissions(real, uid);
    const fault = (await faultOf(real, permissions.#looking)) ?? (await faultAbove(real, permissions.#looking));
    if (fault === undefined) return permissions;
    throw new PluginError(
      "UNAUTHORIZED",
      `Cannot discover plugins in "${dir}": ${fault}, so what is in there may be somebody else's\n  Take that right away (chmod go-w, chown), or pass allowInsecure: true.`,
    );
  }

  /** Says why a file is left out; undefined if it is not. */
  async whyRefused(file: string): Promise<string | undefined> {
    try {
      const real = await realpath(file);
      return (await faultOf(real, this.#looking)) ?? (await this.#faultOnTheWay(dirname(real)));
    } catch (error) {
      return `"${file}" cannot be looked at (${(error as NodeJS.ErrnoException).code})`;
    }
  }

  // The directory itself was checked, with all above it. A pattern may lead out of it, too.
  async #faultOnTheWay(dir: string): Promise<string | undefined> {
    if (dir === this.#dir) return undefined;
    const fault = await faultOf(dir, this.#looking);
    if (fault !== undefined) return fault;
    return dir.startsWith(this.#dir + sep) ? this.#faultOnTheWay(dirname(dir)) : faultAbove(dir, this.#looking);
  }
}
