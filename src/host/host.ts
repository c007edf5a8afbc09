import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { collect } from "../contract/strategies.js";
import type { Bus } from "../contract/topic-views.js";
import { isTopics, type Topics } from "../contract/topics.js";
import { ConflictError, NotReadyError, PluginError } from "../errors.js";
import type { AuditEntry } from "../install/audit.js";
import type { LogEntry, LogQuery } from "../install/logs/log-entry.js";
import { manage } from "../process/registry.js";
import { socketChannel } from "../transport/socket.js";
import { abortable } from "../util/abort.js";
import { systemClock } from "../util/clock.js";
import { within } from "../util/within.js";
import { resolveLimits } from "../wire/limits.js";
import { hostBus } from "./bus/host-bus.js";
import { HOST_ID, TopicBus } from "./bus/topic-bus.js";
import { Changes } from "./changes.js";
import { CORE_CLOSE, CORE_READY } from "./core-topics.js";
import { Door, type DoorOptions } from "./external/door.js";
import { DEFAULT_LISTEN } from "./external/listen-options.js";
import type { TokenStore } from "./external/tokens.js";
import type { HostData } from "./installed/host-data.js";
import type { InstallOptions, UpdateOptions } from "./installed/install-options.js";
import { LazyData } from "./installed/lazy-data.js";
import { type AuditQuery, resolveAuditQuery, resolveLogQuery } from "./installed/queries.js";
import { checkId, type TokenOffice } from "./installed/token-office.js";
import { metricsText } from "./metrics.js";
import { refuseCircle } from "./needs.js";
import { type HostOptions, type ResolvedHostOptions, resolveHostOptions } from "./options/host-options.js";
import { type ResolvedSpec, resolveSpec } from "./options/resolve-spec.js";
import { isSameSpec } from "./options/same-spec.js";
import type { PluginSpec } from "./options/spec.js";
import { Plugins } from "./plugins.js";
import type { SessionChange } from "./session/change.js";
import type { PluginSession } from "./session/plugin-session.js";
import type { Session } from "./session/session.js";

const clock = systemClock;
// Of connections that plugins made themselves.
const DEFAULT_LIMITS = resolveLimits({ attempt: "Cannot create a host", prefix: "", values: {} });

/** Supervises many plugins, and carries events, actions and hooks between them. */
export class Host<T extends Topics = Topics<{}>> implements AsyncDisposable {
  /** The bus for the host's own set of topics (`HostOptions.topics`). */
  readonly bus: Bus<T>;
  readonly #options: ResolvedHostOptions;
  readonly #plugins: Plugins;
  readonly #topicBus: TopicBus;
  readonly #changes = new Changes();
  readonly #door: Door;
  readonly #data: LazyData;
  #ready: Promise<{ readonly url: string | undefined }> | undefined;
  #closed: Promise<void> | undefined;
  #unmanage: () => void = () => {};

  /**
   * Does no I/O: ready() and load() do.
   * @throws {TypeError | RangeError} An option that is unknown or wrong; two plugins of one id; plugins that need each other in a circle.
   */
  constructor(options: HostOptions<T> = {}) {
    this.#options = resolveHostOptions(options);
    this.#topicBus = new TopicBus();
    this.#plugins = new Plugins({ options: this.#options, bus: this.#topicBus, clock, onChange: (change) => this.#changes.tell(change) });
    this.#data = new LazyData(this.#options, this.#plugins, clock);
    this.#door = new Door(doorOptions(this.#options, this.#plugins, this.#data.tokens));
    this.bus = this.#busOf(this.#options.topics ?? NO_TOPICS) as unknown as Bus<T>;
    refuseTwins(this.#options.plugins);
    refuseCircle(this.#options.plugins);
    for (const spec of this.#options.plugins) this.#plugins.add(spec);
  }

  /** The bus for another set of topics. @throws {TypeError} It was not made with defineTopics(). */
  dispense<U extends Topics>(topics: U): Bus<U> {
    if (!isTopics(topics)) throw new TypeError("Cannot dispense from the host: it takes a set of topics made with defineTopics()");
    return this.#busOf(topics);
  }

  /**
   * Adds a plugin, and starts it if it is wanted; resolves with its session once it is active. Equal to one that is loaded: its session.
   * @throws {TypeError | RangeError} A spec that is wrong, or needs others in a circle.
   * @throws {ConflictError} `CONFLICT`: another spec of that id is loaded.
   * @throws {PluginError} Why it did not become active. Its session is there all the same, errored.
   */
  async load(plugin: PluginSpec): Promise<Session> {
    const spec = resolveSpec(plugin);
    this.#refuseClosed(`load plugin "${spec.id}"`);
    // Not awaited where nothing is kept: two that load one plugin at once get one session.
    const data = this.#options.dataDir === undefined ? undefined : await this.#data.open();
    await this.#plugins.untilRemoved(spec.id);
    this.#refuseClosed(`load plugin "${spec.id}"`);
    const known = this.#plugins.get(spec.id);
    if (known !== undefined) {
      if (isSameSpec(known.spec.given, spec.given)) return known;
      const sentence = `Cannot load plugin "${spec.id}": another plugin of that id is loaded, with other options\n  Unload it first, or give this one an id of its own.`;
      throw new ConflictError(sentence, spec.id);
    }
    refuseCircle([...this.#plugins.specs, spec]);
    this.#open();
    if (spec.mode === "external") await this.#openDoor();
    const session = this.#plugins.add(spec, data?.keptOf(spec.id));
    if (session.activeState === "active") await this.#plugins.activate(spec.id);
    return session;
  }

  /**
   * Stops a plugin, after those that need it, and forgets it until the host is started again. One that is not known is no matter.
   * An installed one stays installed: `uninstall()` takes it away.
   */
  async unload(id: string): Promise<void> {
    await this.#plugins.remove(id);
  }

  /**
   * Takes in a plugin that dials a server of the application's own: `server.on("upgrade", (request, socket, head) => host.handleUpgrade(request,
   * socket, head))`, for the paths of the application's choice. Answers the request, whatever becomes of it.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#door.handleUpgrade(request, socket, head);
  }

  /**
   * Takes in an external plugin by a connection that the application has accepted itself, and whose other side it has found to be that
   * plugin: no token is asked for. Resolves once the plugin is ready.
   * @param socket Connected, and below TLS already where there is any. The plugin speaks lines on it, as in docs/protocol.md.
   * @throws {PluginError} `UNKNOWN_PLUGIN` If no such plugin is loaded; else why it was not taken in. The connection is closed then.
   */
  async connect(id: string, socket: Socket): Promise<void> {
    const session = this.getSession(id);
    if (session.mode !== "external") throw new TypeError(`Cannot connect plugin "${id}": it is ${session.mode}, and this host runs it`);
    await this.#door.connect(id, socketChannel(socket, { stallTimeoutMs: DEFAULT_LIMITS.stallTimeoutMs }));
  }

  /** The session of a plugin. @throws {PluginError} `UNKNOWN_PLUGIN` If no such plugin is loaded. */
  getSession(id: string): Session {
    const session = this.#plugins.get(id);
    if (session !== undefined) return session;
    const ids = this.#plugins.all.map((known) => `"${known.id}"`).join(", ");
    throw new PluginError(
      "UNKNOWN_PLUGIN",
      `Cannot get the session of plugin "${id}": no such plugin is loaded; there ${ids === "" ? "are none" : `are ${ids}`}`,
    );
  }

  /** The sessions of all plugins, in load order. */
  getSessions(): readonly Session[] {
    return this.#plugins.all;
  }

  /**
   * Starts what is wanted; resolves when every required plugin is active, and those that answer `core.ready` have. Idempotent.
   * @throws {NotReadyError} `NOT_READY`, with each plugin that is not, and why. Nothing runs any more then.
   */
  async ready({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<{ readonly url: string | undefined }> {
    this.#refuseClosed("become ready");
    signal?.throwIfAborted();
    this.#ready ??= this.#becomeReady();
    this.#ready.catch(() => {});
    return signal === undefined ? this.#ready : abortable(this.#ready, signal);
  }

  /** Every change of a session's state from now on. One that is not read is bounded: `leftOut` says how many went by. */
  changes({ signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<SessionChange> {
    return this.#changes.read(signal);
  }

  /** Counters and states as Prometheus reads them. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
  async metrics(): Promise<string> {
    return metricsText(
      this.#plugins.all.map((session) => this.#plugins.tallyOf(session)),
      this.#topicBus.emitted,
    );
  }

  /**
   * Installs a plugin from a directory, a zip or a URL: looked at, unpacked, and there whole or not at all. It is inactive and may do
   * nothing until somebody grants it what it asks for (`session.manifest`). Needs `dataDir`, as all of these do.
   * @throws {PluginError} `INSTALL_FAILED`, `BAD_ARCHIVE`, `BAD_MANIFEST`, `INCOMPATIBLE`, `INVALID_INPUT`, `CONFLICT`, `STORE_FAILED`
   */
  async install(source: string | URL, options: InstallOptions = {}): Promise<Session> {
    const session = await (await this.#dataFor("install a package")).install(source, options);
    if (session.mode === "external") await this.#openDoor();
    return session;
  }

  /**
   * Takes another version of an installed plugin. One that is active is replaced once the new version is ready and well; if it does not
   * come to that the old one stays. One that is not active stays so.
   * @throws {PluginError} As install(); `CONFLICT` for a package of another id, and while it is pinned; and why it did not start.
   */
  async update(id: string, source: string | URL, options: UpdateOptions = {}): Promise<void> {
    const data = await this.#dataFor(`update plugin "${id}"`);
    const { updatePackage } = await import("./installed/update-package.js");
    await updatePackage(data, this.#installed(data, id, "update"), source, options);
  }

  /**
   * Goes back to the version before, or to one of those that are kept (three). @param version As in its manifest.
   * @throws {PluginError} `UNKNOWN_PLUGIN` where there is none; as update().
   */
  async rollback(id: string, version?: string): Promise<void> {
    const data = await this.#dataFor(`roll plugin "${id}" back`);
    const { rollbackPackage } = await import("./installed/update-package.js");
    await rollbackPackage(data, this.#installed(data, id, "roll back"), version);
  }

  /** Keeps a plugin at the version that it has: update() refuses. @param pinned False lets go of it. @default true */
  async pin(id: string, pinned = true): Promise<void> {
    const data = await this.#dataFor(`pin plugin "${id}"`);
    const { pinPackage } = await import("./installed/update-package.js");
    await pinPackage(data, this.#installed(data, id, "pin"), pinned);
  }

  /** Stops an installed plugin, and removes it with all that is kept of it, but for the audit. @throws {PluginError} `UNKNOWN_PLUGIN` */
  async uninstall(id: string): Promise<void> {
    await (await this.#dataFor(`uninstall plugin "${id}"`)).uninstall(id);
  }

  /** The package that is run, byte for byte as it was installed; of a directory, a zip of it. @throws {PluginError} `UNKNOWN_PLUGIN` */
  async download(id: string): Promise<Uint8Array> {
    const data = await this.#dataFor(`download plugin "${id}"`);
    return (await data.packages.download(id)).bytes;
  }

  /** The settings of an installed plugin, those named or all; secrets are masked. @throws {PluginError} `UNKNOWN_PLUGIN` */
  async settings(id: string, keys?: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    return (await this.#dataFor(`read the settings of plugin "${id}"`)).readSettings(id, keys);
  }

  /**
   * Changes some settings of an installed plugin, and leaves the others; `undefined` takes one away. As `session.configure()` otherwise.
   * @throws {PluginError} As that; `UNKNOWN_PLUGIN`.
   */
  async changeSettings(id: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
    const data = await this.#dataFor(`change the settings of plugin "${id}"`);
    const changed = Object.entries({ ...data.readSettings(id, undefined), ...changes }).filter(([, value]) => value !== undefined);
    await this.getSession(id).configure(Object.fromEntries(changed));
  }

  /** Records of the plugins' logs: the last that were asked for, in order, then, with `follow`, those that come. */
  async *logs(query: LogQuery = {}): AsyncGenerator<LogEntry, undefined> {
    const resolved = resolveLogQuery(query);
    yield* (await this.#dataFor("read the logs")).readLogs(resolved);
  }

  /** What was done to the plugins and what was refused: installs, grants, settings, tokens, credentials. In order, the last 1_000. */
  async audit(query: AuditQuery = {}): Promise<readonly AuditEntry[]> {
    const { tail, since } = resolveAuditQuery(query);
    return (await this.#dataFor("read the audit")).readAudit(tail, since);
  }

  /** Tokens by which external plugins prove who they are. Kept as digests: a token is shown once, by what makes it. */
  readonly tokens: TokenOffice = {
    issue: async (id) => (await this.#dataFor("issue a token")).tokens.issue(checkId(id, "issue a token")),
    cycle: async (id) => (await this.#dataFor("cycle a token")).tokens.cycle(checkId(id, "cycle a token")),
    revoke: async (id) => (await this.#dataFor("revoke a token")).tokens.revoke(checkId(id, "revoke a token")),
  };

  /** Asks those that answer `core.close`, lets what was emitted arrive, and stops every plugin. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #becomeReady(): Promise<{ readonly url: string | undefined }> {
    this.#open();
    // The store first: what is kept says who is let in.
    const opened = this.#data.open().then(() => this.#openDoor());
    const url = await opened.catch(async (error: unknown) => {
      await this.close();
      throw error;
    });
    const required = this.#plugins.all.filter(({ spec }) => spec.required);
    for (const session of this.#plugins.all) {
      // Why one that is not required did not start is on its session, and in the log.
      if (session.activeState === "active") this.#plugins.activate(session.id).catch(() => {});
    }
    await this.#untilStarted(required);
    const missing = required.filter(({ reportedState, runner }) => reportedState !== "active" && !runner.isSleeping);
    if (missing.length > 0) {
      const error = notReady(missing, this.#options.readyTimeoutMs);
      await this.close();
      throw error;
    }
    await this.#ask(CORE_READY);
    return { url };
  }

  /** Where plugins may dial in, or are asked to by an option, it listens before anything is started. */
  async #openDoor(): Promise<string | undefined> {
    const { listen } = this.#options;
    const isWanted = listen !== undefined ? listen !== false : this.#plugins.specs.some(({ mode }) => mode === "external");
    return isWanted ? this.#door.open() : undefined;
  }

  async #untilStarted(sessions: readonly PluginSession[]): Promise<void> {
    const awaited = sessions.filter(({ runner }) => !runner.isSleeping);
    const started = Promise.all(awaited.map(({ runner }) => runner.untilStarted())).then(() => {});
    const { readyTimeoutMs } = this.#options;
    if (readyTimeoutMs === Number.POSITIVE_INFINITY) return started;
    await within(started, readyTimeoutMs, clock, () => new Error("too late")).catch(() => {});
  }

  async #close(): Promise<void> {
    await this.#door.shut();
    await this.#ask(CORE_CLOSE);
    await this.#plugins.flush(this.#options.closeTimeoutMs);
    await this.#plugins.close();
    await this.#door.close();
    await this.#data.close();
    this.#changes.end();
    this.#unmanage();
  }

  /** Asks all who answer one of the host's own actions. Who fails or takes too long is left at that. */
  async #ask(topic: string): Promise<void> {
    const { closeTimeoutMs, logger } = this.#options;
    const replies = await this.#topicBus.run(topic, undefined, HOST_ID, { strategy: collect, timeoutMs: Math.max(1, closeTimeoutMs) });
    for (const reply of replies) if (!reply.ok) logger.warn(`Plugin "${reply.pluginId}" failed on ${topic}`, { error: reply.error });
  }

  #busOf<U extends Topics>(topics: U): Bus<U> {
    return hostBus(topics, this.#topicBus, this.#plugins.local);
  }

  // Not in the constructor: a host that was made and never used is nothing that has to be ended.
  #open(): void {
    this.#unmanage();
    this.#unmanage = manage({ kill: () => this.close() });
  }

  async #dataFor(what: string): Promise<HostData> {
    this.#refuseClosed(what);
    this.#open();
    return this.#data.need(what);
  }

  #installed(data: HostData, id: string, what: string): PluginSession {
    data.packageOf(id, `Cannot ${what} plugin "${id}"`);
    return this.getSession(id) as PluginSession;
  }

  #refuseClosed(what: string): void {
    if (this.#closed === undefined) return;
    throw new PluginError("CONNECTION_CLOSED", `Cannot ${what}: this host is closed\n  Make another with new Host().`);
  }
}

const NO_TOPICS: Topics = Object.freeze({ name: "none", topics: Object.freeze({}) });

function doorOptions(options: ResolvedHostOptions, plugins: Plugins, tokens: TokenStore): DoorOptions {
  const { listen, app, logger, callTimeoutMs } = options;
  const { externals } = plugins;
  return { listen: listen || DEFAULT_LISTEN, externals, tokens, app, limits: DEFAULT_LIMITS, clock, logger, callTimeoutMs };
}

function refuseTwins(specs: readonly ResolvedSpec[]): void {
  const ids = new Set<string>();
  for (const { id } of specs) {
    if (ids.has(id)) throw new TypeError(`Cannot create a host: two plugins have the id "${id}"`);
    ids.add(id);
  }
}

function notReady(missing: readonly PluginSession[], timeoutMs: number): NotReadyError {
  const plugins = missing.map(({ id, reportedState, errorMessage }) => ({ id, reason: errorMessage ?? `it is ${reportedState}` }));
  const waited = timeoutMs === Number.POSITIVE_INFINITY ? "" : ` after ${timeoutMs} ms`;
  const lines = plugins.map(({ id, reason }) => `\n  ${id}: ${reason.split("\n", 1)[0]}`);
  const errors = missing.flatMap(({ runner }) => (runner.error === undefined ? [] : [runner.error]));
  const cause = errors.length === 1 ? errors[0] : new AggregateError(errors);
  return new NotReadyError(`Cannot become ready: required plugins are not active${waited}${lines.join("")}`, plugins, { cause });
}
