import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { ConflictError, PluginError } from "../../errors.js";
import { syncDirectories } from "../archive/unpack.js";
import { writeAtomic } from "./atomic-file.js";
import { formatRecord, type PluginRecord, parseRecord } from "./plugin-record.js";
import { inStore } from "./store-failed.js";
import { lockStore, type StoreLock } from "./store-lock.js";
import { Turns } from "./turns.js";

const RECORD = "record.json";
const MARKER = "mortise-store.json";
// Read at a time.
const AT_ONCE = 32;

/**
 * What a host keeps of its plugins, in a directory that is its own for as long as it runs. What was acknowledged is there however the
 * process ends; what was not is there whole or not at all.
 *
 *     mortise-store.json                  that it is one
 *     locks/                              who has it
 *     plugins/ID/record.json              state, grants, settings, tokens, versions
 *     plugins/ID/versions/V/package.zip   as it came
 *     plugins/ID/versions/V/files/        unpacked
 *     staging/, trash/                    what is not yet, or not any more
 *     logs/, audit.jsonl
 */
export class Store {
  readonly directory: string;
  readonly #lock: StoreLock;
  readonly #records: Map<string, PluginRecord>;
  readonly #turns = new Turns();

  private constructor(directory: string, lock: StoreLock, records: Map<string, PluginRecord>) {
    this.directory = directory;
    this.#lock = lock;
    this.#records = records;
  }

  /**
   * Takes the directory, makes what is lacking, and takes away what an end midway left.
   * @throws {PluginError} `STORE_LOCKED` Another host has it. `STORE_FAILED` It cannot be read or written.
   */
  static async open(directory: string): Promise<Store> {
    const attempt = "Cannot open the store";
    return inStore(attempt, directory, async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await refuseForeign(directory, attempt);
      const lock = await lockStore(directory, attempt);
      try {
        await writeAtomic(join(directory, MARKER), "{}\n");
        for (const name of ["plugins", "staging", "trash", "logs"]) await mkdir(join(directory, name), { recursive: true, mode: 0o700 });
        return new Store(directory, lock, await recover(directory));
      } catch (error) {
        await lock.release();
        throw error;
      }
    });
  }

  /** Ids of all plugins of which anything is kept. */
  get ids(): readonly string[] {
    return [...this.#records.keys()];
  }

  /** What is kept of a plugin; an empty record where there is nothing. */
  get(id: string): PluginRecord {
    return this.#records.get(id) ?? {};
  }

  /** The directory of a version of a plugin. */
  versionPath(id: string, directory: string): string {
    return join(this.directory, "plugins", id, "versions", directory);
  }

  /** The directory of a plugin. */
  pluginPath(id: string): string {
    return join(this.directory, "plugins", id);
  }

  /** A new, empty directory for what is not yet a part of the store. Whoever asked removes it, or it goes when the store is next opened. */
  async stage(): Promise<string> {
    const path = join(this.directory, "staging", randomBytes(8).toString("hex"));
    await mkdir(path, { mode: 0o700 });
    return path;
  }

  /**
   * Changes what is kept of a plugin, after what was asked for before; on disk when it resolves.
   * @param change Gives the new record, or the one that there is where nothing changes; what it throws is passed on, and nothing is changed.
   * @throws {PluginError} `STORE_FAILED`
   */
  update(id: string, attempt: string, change: (record: PluginRecord) => PluginRecord | Promise<PluginRecord>): Promise<PluginRecord> {
    return this.#turns.take(id, async () => {
      this.refuseTwin(id, attempt);
      const before = this.get(id);
      const record = await change(before);
      if (record === before) return record;
      const directory = join(this.directory, "plugins", id);
      const path = join(directory, RECORD);
      await inStore(attempt, path, async () => {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeAtomic(path, formatRecord(record)).catch(async (error: unknown) => {
          // Of one of which nothing is kept; it stays where something is in it.
          await rmdir(directory).catch(() => {});
          throw error;
        });
        if (!this.#records.has(id)) await syncDirectories([join(this.directory, "plugins")]);
      });
      this.#records.set(id, record);
      return record;
    });
  }

  /** Forgets a plugin and takes its files away. Gone when it resolves, however the process ends. */
  remove(id: string, attempt: string): Promise<void> {
    return this.#turns.take(id, async () => {
      const path = join(this.directory, "plugins", id);
      const trash = join(this.directory, "trash", randomBytes(8).toString("hex"));
      await inStore(attempt, path, async () => {
        await rename(path, trash).catch(ignoreMissing);
        await syncDirectories([join(this.directory, "plugins")]);
      });
      this.#records.delete(id);
      // It is in nobody's way; what cannot be removed now is when the store is next opened.
      await rm(trash, { recursive: true, force: true }).catch(() => {});
    });
  }

  /** Lets go of the directory, once what was asked for is done. */
  async close(): Promise<void> {
    await this.#turns.settled();
    await this.#lock.release();
  }

  /** On some systems their directories would be one. @throws {ConflictError} */
  refuseTwin(id: string, attempt: string): void {
    if (this.#records.has(id)) return;
    const twin = this.ids.find((other) => other.toLowerCase() === id.toLowerCase());
    if (twin !== undefined) throw new ConflictError(`${attempt}: there is a plugin "${twin}", which differs in case alone`, twin);
  }
}

/** Takes no directory that others keep their files in: what is not known in a store is removed. */
async function refuseForeign(directory: string, attempt: string): Promise<void> {
  const names = await readdir(directory);
  if (names.includes(MARKER) || names.every((name) => name === "locks" || name.startsWith(MARKER))) return;
  const sentence = `${attempt}: "${directory}" has other files in it, as "${names.find((name) => name !== "locks")}"`;
  throw new PluginError("STORE_FAILED", `${sentence}\n  Give an empty directory, or one that is not there, as dataDir.`);
}

async function recover(directory: string): Promise<Map<string, PluginRecord>> {
  for (const name of ["staging", "trash"]) {
    for (const left of await readdir(join(directory, name))) await rm(join(directory, name, left), { recursive: true, force: true });
  }
  const records = new Map<string, PluginRecord>();
  const plugins = join(directory, "plugins");
  const ids = (await readdir(plugins)).sort();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const found = await Promise.all(some.map((id) => recoverPlugin(join(plugins, id))));
    for (const [index, record] of found.entries()) if (record !== undefined) records.set(some[index] as string, record);
  }
  return records;
}

/** What is kept of a plugin; versions and files that its record does not know are of a change that did not come to its end. */
async function recoverPlugin(path: string): Promise<PluginRecord | undefined> {
  const text = await readFile(join(path, RECORD), "utf8").catch(ignoreMissing);
  if (text === undefined) {
    await rm(path, { recursive: true, force: true });
    return undefined;
  }
  const record = parseRecord(text);
  if (record === undefined) {
    throw new PluginError(
      "STORE_FAILED",
      `Cannot open the store: "${join(path, RECORD)}" is damaged, or was written by a later version\n  Move "${path}" away to do without that plugin.`,
    );
  }
  const known = new Set(record.package?.versions.map((version) => version.directory));
  for (const name of await readdir(path)) if (name.endsWith(".tmp")) await rm(join(path, name), { force: true });
  const versions = join(path, "versions");
  for (const name of (await readdir(versions).catch(ignoreMissing)) ?? []) {
    if (!known.has(name)) await rm(join(versions, name), { recursive: true, force: true });
  }
  return record;
}

function ignoreMissing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
}
