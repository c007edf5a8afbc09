import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConflictError, PluginError } from "../errors.js";
import type { ResolvedPackageLimits } from "./archive/archive-limits.js";
import { badArchive } from "./archive/bad-archive.js";
import { openArchive } from "./archive/open-archive.js";
import { syncDirectories, unpack } from "./archive/unpack.js";
import { checkEngines, type Versions } from "./manifest/engines.js";
import { MANIFEST_FILE, type Manifest, wordsOf } from "./manifest/manifest.js";
import { manifestError, parseManifest } from "./manifest/parse-manifest.js";
import { type Fetched, fetchSource } from "./source/fetch-source.js";
import { currentOf, type PluginRecord, type StoredPackage, type StoredVersion } from "./store/plugin-record.js";
import type { Store } from "./store/store.js";
import { inStore } from "./store/store-failed.js";

/** How a package is fetched. */
export interface FetchOptions {
  readonly sha256?: string | undefined;
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A package that was looked at and unpacked, and is not yet anybody's. It is committed, or discarded. */
export interface StagedPackage {
  readonly manifest: Manifest;
  readonly version: StoredVersion;
  /** Its directory in staging. */
  readonly path: string;
}

const ARCHIVE = "package.zip";
const FILES = "files";
/** Versions of a package that are kept, the one that is run among them. */
const KEPT = 3;

/** The packages in a store. */
export class Packages {
  readonly #store: Store;
  readonly #limits: ResolvedPackageLimits;
  readonly #versions: Versions;

  constructor(store: Store, limits: ResolvedPackageLimits, versions: Versions) {
    this.#store = store;
    this.#limits = limits;
    this.#versions = versions;
  }

  /**
   * Fetches a package, looks at it and unpacks it beside the store's own.
   * @throws {PluginError} `INSTALL_FAILED`, `BAD_ARCHIVE`, `BAD_MANIFEST`, `INCOMPATIBLE`, `STORE_FAILED`; nothing of it is left then.
   */
  async stage(source: string | URL, attempt: string, { sha256, ...options }: FetchOptions): Promise<StagedPackage> {
    const path = await inStore(attempt, this.#store.directory, () => this.#store.stage());
    try {
      return await inStore(attempt, path, async () => {
        const fetched = await fetchSource(source, join(path, ARCHIVE), { ...options, attempt, limits: this.#limits });
        if (sha256 !== undefined && sha256.toLowerCase() !== fetched.sha256)
          throw badArchive(attempt, `its SHA-256 is ${fetched.sha256}, and ${sha256.toLowerCase()} was asked for`);
        const manifest = await this.#unpack(path, attempt, options.signal);
        return { manifest, path, version: versionOf(manifest, fetched) };
      });
    } catch (error) {
      await this.#drop(path);
      throw error;
    }
  }

  discard({ path }: StagedPackage): Promise<void> {
    return this.#drop(path);
  }

  /**
   * Makes a staged package a version of its plugin. It is not run yet: `use()` does that.
   * @throws {PluginError} `STORE_FAILED`; nothing was changed then.
   */
  async commit(staged: StagedPackage, attempt: string): Promise<StoredVersion> {
    const { manifest, version, path } = staged;
    const target = this.#store.versionPath(manifest.id, version.directory);
    await inStore(attempt, target, async () => {
      // The very same bytes may be there, or be left of an end midway, which the record does not know.
      const known = this.#store.get(manifest.id).package?.versions.some(({ directory }) => directory === version.directory);
      if (known === true) return this.#drop(path);
      await rm(target, { recursive: true, force: true });
      await mkdir(join(target, ".."), { recursive: true, mode: 0o700 });
      await rename(path, target);
      await syncDirectories([join(target, ".."), join(target, "../..")]);
    });
    return version;
  }

  /** Removes a version that no record has come to know. */
  async forget(id: string, { directory }: StoredVersion): Promise<void> {
    const isKnown = this.#store.get(id).package?.versions.some((each) => each.directory === directory) === true;
    if (isKnown) return;
    // Of a plugin of which nothing is kept, nothing is left.
    await this.#drop(this.#store.ids.includes(id) ? this.#store.versionPath(id, directory) : this.#store.pluginPath(id));
  }

  /**
   * Has a version be the one that is run, and keeps the last three: older ones go once this is on disk.
   * @throws {PluginError} `STORE_FAILED`
   */
  async use(
    id: string,
    version: StoredVersion,
    attempt: string,
    { pinned, record: more = {} }: { readonly pinned?: boolean; readonly record?: PluginRecord } = {},
  ): Promise<void> {
    let dropped: readonly StoredVersion[] = [];
    await this.#store.update(id, attempt, (record) => {
      const changed = withVersion(record.package, version, pinned);
      dropped = (record.package?.versions ?? []).filter(({ directory }) => !changed.versions.some((kept) => kept.directory === directory));
      return { ...record, ...more, package: changed };
    });
    for (const { directory } of dropped) await this.#drop(this.#store.versionPath(id, directory));
  }

  /** The directory that a version's plugin is run from. */
  filesOf(id: string, { directory }: StoredVersion): string {
    return join(this.#store.versionPath(id, directory), FILES);
  }

  /** The archive that is run, as it came. @throws {PluginError} `UNKNOWN_PLUGIN` No package of that id is installed. */
  async download(id: string): Promise<{ readonly bytes: Uint8Array; readonly manifest: Manifest; readonly sha256: string }> {
    const attempt = `Cannot download plugin "${id}"`;
    const stored = this.#store.get(id).package;
    if (stored === undefined) throw notInstalled(attempt, id);
    const { directory, manifest, sha256 } = currentOf(stored);
    const path = join(this.#store.versionPath(id, directory), ARCHIVE);
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw new PluginError("STORE_FAILED", `${attempt}: "${path}" could not be read: ${(cause as Error).message}`, { cause });
    });
    return { bytes, manifest, sha256 };
  }

  async #unpack(path: string, attempt: string, signal: AbortSignal | undefined): Promise<Manifest> {
    const archive = await openArchive(join(path, ARCHIVE), this.#limits, attempt);
    try {
      const entry = archive.entries.find((each) => each.path === MANIFEST_FILE && !each.isDirectory);
      if (entry === undefined)
        throw manifestError(attempt, [{ pointer: "", message: `is missing: there is no ${MANIFEST_FILE} at the root of the package` }]);
      if (entry.bytes > 2 ** 20)
        throw manifestError(attempt, [{ pointer: "", message: `has ${entry.bytes} bytes, and at most 262144 are taken` }]);
      const chunks: Buffer[] = [];
      for await (const chunk of entry.read()) chunks.push(chunk);
      const manifest = await parseManifest(Buffer.concat(chunks), attempt);
      await checkEngines(manifest, this.#versions, attempt);
      const files = join(path, FILES);
      await mkdir(files, { mode: 0o755 });
      const [executable] = wordsOf(manifest);
      await unpack(archive, files, { attempt, executable: executable?.replace(/^\.\//, ""), signal });
      await checkFiles(manifest, files, attempt);
      await syncDirectories([path]);
      return manifest;
    } finally {
      await archive.close();
    }
  }

  async #drop(path: string): Promise<void> {
    // Windows does not let go of what runs; the store removes it when it is next opened.
    await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** Files that a manifest names and the package does not have. */
async function checkFiles(manifest: Manifest, files: string, attempt: string): Promise<void> {
  const [command] = wordsOf(manifest);
  const wanted = [
    ["/command", command, "isFile"],
    ["/icon", manifest.icon, "isFile"],
    ["/http/assets", manifest.http?.assets, "isDirectory"],
  ] as const;
  const issues = [];
  for (const [pointer, path, kind] of wanted) {
    const found = path === undefined ? undefined : await stat(join(files, path)).catch(() => undefined);
    if (path !== undefined && found?.[kind]() !== true)
      issues.push({
        pointer,
        message: `is ${JSON.stringify(path)}, and the package has no such ${kind === "isFile" ? "file" : "directory"}`,
      });
  }
  if (issues.length > 0) throw manifestError(attempt, issues);
}

function versionOf(manifest: Manifest, { sha256, bytes, source }: Fetched): StoredVersion {
  const directory = `${manifest.version}-${sha256.slice(0, 12)}`;
  return { directory, sha256, bytes, source, installedAt: new Date().toISOString(), manifest };
}

function withVersion(stored: StoredPackage | undefined, version: StoredVersion, pinned = stored?.pinned ?? false): StoredPackage {
  const others = stored?.versions ?? [];
  const versions = others.some(({ directory }) => directory === version.directory) ? others : [...others, version];
  // The oldest go first, and never the one that is run.
  const spare = versions.filter(({ directory }) => directory !== version.directory).slice(-(KEPT - 1));
  return {
    current: version.directory,
    pinned,
    versions: versions.filter((each) => each.directory === version.directory || spare.includes(each)),
  };
}

/** The error for an id of which no package is installed. */
export function notInstalled(attempt: string, id: string): PluginError {
  return new PluginError("UNKNOWN_PLUGIN", `${attempt}: no package of that id is installed ("${id}")\n  host.install() does that.`);
}

/** The error for a package that is another plugin's. */
export function otherPackage(attempt: string, id: string, found: string): ConflictError {
  return new ConflictError(`${attempt}: the package is of plugin "${found}"\n  Install it under its own id.`, id);
}
