import { ConflictError, isPluginError, PluginError } from "../../errors.js";
import { Audit, type AuditEntry } from "../../install/audit.js";
import type { LogEntry, LogQuery } from "../../install/logs/log-entry.js";
import { Logs } from "../../install/logs/logs.js";
import type { Manifest } from "../../install/manifest/manifest.js";
import { notInstalled, Packages, type StagedPackage } from "../../install/packages.js";
import { currentOf, type PluginRecord, type StoredPackage } from "../../install/store/plugin-record.js";
import { Store } from "../../install/store/store.js";
import { Turns } from "../../install/store/turns.js";
import { Tokens } from "../../install/tokens.js";
import { MORTISE_VERSION } from "../../install/version.js";
import type { Clock } from "../../util/clock.js";
import type { Logger } from "../../util/logger.js";
import type { Grants } from "../grants.js";
import type { ResolvedHostOptions } from "../options/host-options.js";
import type { Plugins } from "../plugins.js";
import type { PluginSession } from "../session/plugin-session.js";
import type { LastExit } from "../session/session.js";
import type { Kept, SessionKeeper } from "../session/session-keeper.js";
import { checkSource, type InstallOptions, resolveInstallOptions } from "./install-options.js";
import { installedSpec } from "./installed-spec.js";
import { pluginLogger } from "./plugin-logger.js";
import { SettingsSchemas } from "./settings.js";

export interface HostDataOptions {
  readonly dataDir: string;
  readonly host: ResolvedHostOptions;
  readonly plugins: Plugins;
  readonly clock: Clock;
}

/** What a host keeps in its `dataDir`: packages, wishes, grants, settings, tokens, logs, audit. */
export class HostData implements SessionKeeper {
  readonly store: Store;
  readonly packages: Packages;
  readonly audit: Audit;
  readonly schemas: SettingsSchemas = new SettingsSchemas();
  readonly tokens: Tokens;
  readonly #logs: Logs;
  readonly #options: HostDataOptions;
  readonly #secrets = new Map<string, readonly string[]>();
  readonly #closing = new AbortController();
  readonly #staging = new Set<Promise<unknown>>();
  readonly #turns = new Turns();

  private constructor(options: HostDataOptions, store: Store) {
    const { host, clock } = options;
    const warn = (sentence: string, error: unknown): void => host.logger.warn(sentence, { error });
    this.#options = options;
    this.store = store;
    this.packages = new Packages(store, host.packageLimits, { mortise: MORTISE_VERSION, app: host.app });
    this.audit = new Audit(store.directory, warn);
    this.#logs = new Logs({ directory: `${store.directory}/logs`, limits: host.logLimits, clock, onFailure: warn });
    this.tokens = new Tokens(store, async (id, action) => {
      // What is connected by the old one ends.
      if (action !== "token.issue") await options.plugins.get(id)?.runner.seat?.disconnect(1008, "its token was taken back");
      await this.audit.add(action, id, true);
    });
  }

  /**
   * Opens the store, and makes the plugins that are installed there known to the host.
   * @throws {PluginError} `STORE_LOCKED`, `STORE_FAILED`
   */
  static async open(options: HostDataOptions): Promise<HostData> {
    const data = new HostData(options, await Store.open(options.dataDir));
    const { plugins, host } = options;
    plugins.keeper = data;
    for (const session of plugins.all) session.restore(data.keptOf(session.id));
    for (const id of data.store.ids) {
      const stored = data.store.get(id).package;
      if (stored === undefined) continue;
      if (plugins.get(id) === undefined) data.#addInstalled(id, stored);
      else host.logger.warn(`Plugin "${id}" is installed, and is one of the program's own, too: that one is run`);
    }
    return data;
  }

  /** What is known of a plugin from before. */
  keptOf(id: string): Kept {
    const { wish, grants, settings, package: stored, lastExit } = this.store.get(id);
    const exit = lastExit === undefined ? {} : { lastExit: revived(lastExit as StoredExit) };
    if (stored === undefined) return { wish, ...exit };
    return { wish, grants: grants as Grants | undefined, settings, manifest: currentOf(stored).manifest, ...exit };
  }

  async install(source: string | URL, options: InstallOptions): Promise<PluginSession> {
    const attempt = "Cannot install a package";
    const resolved = resolveInstallOptions(attempt, options);
    checkSource(attempt, source);
    const staged = await this.stage("install", source, attempt, resolved);
    const { manifest } = staged;
    return this.inTurn(manifest.id, () => this.audited("install", manifest.id, detailsOf(staged), () => this.#install(staged, resolved)));
  }

  async #install(staged: StagedPackage, { grants, settings }: ReturnType<typeof resolveInstallOptions>): Promise<PluginSession> {
    const { id } = staged.manifest;
    const attempt = `Cannot install plugin "${id}"`;
    try {
      this.#refuseClosed(attempt);
      this.#refuseTaken(staged.manifest, attempt);
      if (settings !== undefined) await this.schemas.check(staged.manifest, settings, attempt);
      const version = await this.packages.commit(staged, attempt);
      const more: PluginRecord = { wish: "inactive", grants, ...(settings === undefined ? {} : { settings }) };
      try {
        await this.packages.use(id, version, attempt, { record: more });
      } catch (error) {
        await this.packages.forget(id, version);
        throw error;
      }
    } finally {
      await this.packages.discard(staged);
    }
    return this.#addInstalled(id, this.store.get(id).package as StoredPackage);
  }

  /** Stops a plugin, and takes away its package and all that is kept of it, but for the audit. */
  async uninstall(id: string): Promise<void> {
    const attempt = `Cannot uninstall plugin "${id}"`;
    await this.inTurn(id, async () => {
      const stored = this.packageOf(id, attempt);
      const { version } = currentOf(stored).manifest;
      await this.audited("uninstall", id, { version }, async () => {
        await this.#options.plugins.remove(id);
        await this.store.remove(id, attempt);
        await this.#logs.remove(id);
        this.#secrets.delete(id);
      });
    });
  }

  // ── What sessions have kept ──────────────────────────────────────────

  async wish(id: string, state: "active" | "inactive"): Promise<void> {
    // In turn even where nothing changes: one that is still on its way may change it.
    await this.store.update(id, `Cannot set the state of plugin "${id}"`, (record) =>
      record.wish === state ? record : { ...record, wish: state },
    );
  }

  async grants(id: string, grants: Grants): Promise<void> {
    const attempt = `Cannot grant plugin "${id}" anything`;
    // What the program's own code grants, it grants at its next start again.
    const isInstalled = this.store.get(id).package !== undefined;
    await this.audited("grant", id, { grants }, async () => {
      if (isInstalled) await this.store.update(id, attempt, (record) => ({ ...record, grants }));
    });
  }

  settings(id: string, given: unknown, offer: (settings: unknown) => Promise<void>): Promise<void> {
    const { package: stored } = this.store.get(id);
    if (stored === undefined) return offer(given);
    const attempt = `Cannot configure plugin "${id}"`;
    return this.inTurn(id, () =>
      this.audited("settings", id, { keys: Object.keys((given ?? {}) as object) }, async () => {
        const { manifest } = currentOf(stored);
        const old = this.store.get(id).settings ?? {};
        const settings = this.schemas.unmask(manifest, given, old);
        await this.schemas.check(manifest, settings, attempt);
        // Before it is offered: a plugin may say what it was given.
        this.#hide(id, manifest, [old, settings]);
        await offer(settings);
        try {
          await this.store.update(id, attempt, (record) => ({ ...record, settings }));
        } catch (error) {
          await offer(old).catch(() => {});
          throw error;
        }
      }),
    );
  }

  access(id: string, permissions: readonly string[], ok: boolean): void {
    void this.audit.add("access", id, ok, { permissions });
  }

  lastExit(id: string, { reason, at, callsLost }: LastExit): void {
    const lastExit: StoredExit = { reason, at: at.toISOString(), callsLost };
    this.store
      .update(id, `Cannot keep how plugin "${id}" ended`, (record) => ({ ...record, lastExit }))
      .catch((error: unknown) => this.#options.host.logger.warn(`Cannot keep how plugin "${id}" ended`, { error }));
  }

  logger(id: string, logger: Logger): Logger {
    return pluginLogger(
      id,
      logger,
      () => this.#secrets.get(id) ?? [],
      (entry) => this.#logs.add(entry),
    );
  }

  // ── What a host is asked ─────────────────────────────────────────────

  /** The settings of an installed plugin, secrets masked; some of them, or all. */
  readSettings(id: string, keys: readonly string[] | undefined): Readonly<Record<string, unknown>> {
    const { manifest } = currentOf(this.packageOf(id, `Cannot read the settings of plugin "${id}"`));
    const all = this.schemas.mask(manifest, this.store.get(id).settings ?? {}) as Readonly<Record<string, unknown>>;
    return keys === undefined ? all : Object.fromEntries(keys.filter((key) => Object.hasOwn(all, key)).map((key) => [key, all[key]]));
  }

  readLogs(query: LogQuery): AsyncGenerator<LogEntry, undefined> {
    return this.#logs.read(query);
  }

  readAudit(tail: number, since: Date | number | undefined): Promise<readonly AuditEntry[]> {
    return this.audit.read(tail, since);
  }

  async close(): Promise<void> {
    const sentence = "Cannot install a package: this host was closed meanwhile";
    this.#closing.abort(new PluginError("CONNECTION_CLOSED", sentence));
    await Promise.allSettled([...this.#staging, this.#turns.settled()]);
    await this.#logs.close();
    await this.audit.close();
    await this.store.close();
  }

  // ── For updates ──────────────────────────────────────────────────────

  packageOf(id: string, attempt: string): StoredPackage {
    const stored = this.store.get(id).package;
    if (stored === undefined) throw notInstalled(attempt, id);
    return stored;
  }

  /** Fetches and unpacks a package. What is under way when the host is closed is given up. */
  async stage(
    action: string,
    source: string | URL,
    attempt: string,
    options: ReturnType<typeof resolveInstallOptions>,
    id = "",
  ): Promise<StagedPackage> {
    this.#refuseClosed(attempt);
    const signal = options.signal === undefined ? this.#closing.signal : AbortSignal.any([options.signal, this.#closing.signal]);
    const staged = this.packages.stage(source, attempt, { ...options, signal });
    this.#staging.add(staged);
    try {
      return await staged;
    } catch (error) {
      await this.audit.add(action, id, false, { source: shownSource(source), ...why(error) });
      throw error;
    } finally {
      this.#staging.delete(staged);
    }
  }

  #refuseClosed(attempt: string): void {
    if (this.#closing.signal.aborted) throw new PluginError("CONNECTION_CLOSED", `${attempt}: this host is closed`);
  }

  /** One thing after another for each plugin. */
  inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(id, work);
  }

  /** Does some work, and has the audit say that and how it ended. */
  async audited<T>(action: string, id: string, details: Readonly<Record<string, unknown>>, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      await this.audit.add(action, id, true, details);
      return result;
    } catch (error) {
      await this.audit.add(action, id, false, { ...details, ...why(error) });
      throw error;
    }
  }

  #addInstalled(id: string, stored: StoredPackage): PluginSession {
    const version = currentOf(stored);
    this.#hide(id, version.manifest, [this.store.get(id).settings]);
    return this.#options.plugins.add(installedSpec(version.manifest, this.packages.filesOf(id, version)), this.keptOf(id));
  }

  #hide(id: string, manifest: Manifest, settings: readonly unknown[]): void {
    this.#secrets.set(
      id,
      settings.flatMap((each) => this.schemas.textsOf(manifest, each)),
    );
  }

  #refuseTaken(manifest: Manifest, attempt: string): void {
    const { id } = manifest;
    const { plugins } = this.#options;
    if (this.store.get(id).package !== undefined)
      throw new ConflictError(`${attempt}: it is installed already\n  host.update() takes another version.`, id);
    if (plugins.get(id) !== undefined) throw new ConflictError(`${attempt}: a plugin of that id is loaded\n  Unload it first.`, id);
    this.store.refuseTwin(id, attempt);
    this.refusePrefix(manifest, attempt);
  }

  /** One prefix is one plugin's. @throws {ConflictError} */
  refusePrefix({ id, http }: Manifest, attempt: string): void {
    const { plugins } = this.#options;
    const holder =
      http === undefined
        ? undefined
        : plugins.all.find((other) => other.id !== id && samePrefix(other.manifest?.http?.prefix, http.prefix));
    if (holder !== undefined)
      throw new ConflictError(
        `${attempt}: plugin "${holder.id}" has the prefix "${http?.prefix}" already\n  Uninstall that one first.`,
        holder.id,
      );
  }
}

function samePrefix(one: string | undefined, other: string): boolean {
  const bare = (prefix: string): string => prefix.replace(/^\/|\/$/g, "");
  return one !== undefined && bare(one) === bare(other);
}

function detailsOf({ version }: StagedPackage): Readonly<Record<string, unknown>> {
  return { version: version.manifest.version, sha256: version.sha256, source: version.source };
}

function why(error: unknown): Readonly<Record<string, unknown>> {
  return { code: isPluginError(error) ? error.code : undefined, error: error instanceof PluginError ? error.message : String(error) };
}

/** A source for the audit, without what may be secret in a URL. */
function shownSource(source: string | URL): string {
  const text = String(source);
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1").replace(/[?#].*$/s, "");
}

interface StoredExit extends Omit<LastExit, "at"> {
  readonly at: string;
}

function revived(exit: StoredExit): LastExit {
  return { ...exit, at: new Date(exit.at) };
}
