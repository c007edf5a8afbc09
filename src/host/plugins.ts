import type { Dispenser } from "../contract/context.js";
import { credentials } from "../contract/credentials.js";
import type { ImplementationRecord } from "../contract/implement.js";
import type { Topics } from "../contract/topics.js";
import { NotReadyError, PluginError } from "../errors.js";
import type { PeerConnection } from "../peer/connection.js";
import { textOfThrown } from "../peer/errors/remote-error.js";
import { newIdentity } from "../peer/plugin-identity.js";
import { topicEntries } from "../peer/topics/topic-handlers.js";
import { abortable } from "../util/abort.js";
import type { Clock } from "../util/clock.js";
import { type Logger, silentLogger } from "../util/logger.js";
import { resolveLimits } from "../wire/limits.js";
import type { BusEvent } from "./bus/bus-event.js";
import { hostBus } from "./bus/host-bus.js";
import { LocalMember, type LocalOptions } from "./bus/local-member.js";
import { pluginEndpoint } from "./bus/plugin-endpoint.js";
import { SessionMember } from "./bus/session-member.js";
import { HOST_ID, type TopicBus } from "./bus/topic-bus.js";
import { CORE_DROPPED, CORE_ERROR, CORE_REGISTER, type Dropped, type ListenerFailed, type Registered } from "./core-topics.js";
import type { External, Externals } from "./external/externals.js";
import { type GrantKind, isGranted, lackingGrant } from "./grants.js";
import { startInline } from "./inline/inline-unit.js";
import { type Access, type CredentialsOptions, provideCredentials } from "./installed/credentials.js";
import { dependentsOf } from "./needs.js";
import type { ResolvedHostOptions } from "./options/host-options.js";
import { type ResolvedInline, type ResolvedSpec, type ResolvedSupervised, resolveSpec } from "./options/resolve-spec.js";
import type { SessionChange } from "./session/change.js";
import { PluginSession } from "./session/plugin-session.js";
import { Runner, type StartWhat } from "./session/runner.js";
import type { Kept, SessionKeeper } from "./session/session-keeper.js";
import type { LiveUnit } from "./supervised/live-unit.js";
import { startProcess } from "./supervised/process-unit.js";
import { Tally } from "./tally.js";

// Of inline plugins, and of the calls that wait for a process. A supervised plugin has its own.
const LIMITS = resolveLimits({ attempt: "Cannot create a host", prefix: "", values: {} });

export interface PluginsOptions {
  readonly options: ResolvedHostOptions;
  readonly bus: TopicBus;
  readonly clock: Clock;
  onChange(change: SessionChange): void;
}

interface Known {
  /** Aborts when it is unloaded: what was issued to it is worth nothing any more. */
  readonly unloaded: AbortController;
  readonly session: PluginSession;
  readonly member: SessionMember;
  readonly tally: Tally;
  /** Set from the moment in which it is to be forgotten. */
  removed?: Promise<void>;
  leaveBus(): void;
}

/** The plugins of a host: each with its session, its place on the bus and its counters; started after what they need, stopped before. */
export class Plugins {
  /** What handlers of topics in this program are run with. */
  readonly local: LocalOptions;
  readonly #options: ResolvedHostOptions;
  readonly #bus: TopicBus;
  readonly #clock: Clock;
  readonly #onChange: (change: SessionChange) => void;
  /** What keeps the state of plugins, once it is open. */
  keeper: SessionKeeper | undefined;
  readonly #credentials: readonly ImplementationRecord[];
  readonly #known = new Map<string, Known>();
  #loaded = 0;
  #closing = false;

  constructor({ options, bus, clock, onChange }: PluginsOptions) {
    this.#options = options;
    this.#bus = bus;
    this.#clock = clock;
    this.#onChange = onChange;
    const peer = { dispense: (topics: Topics) => hostBus(topics, bus, this.local) } as unknown as Dispenser;
    const { callTimeoutMs } = options;
    this.#credentials = options.access === undefined ? [] : [provideCredentials(this.#credentialsFor(options.access))];
    this.local = { clock, callTimeoutMs, peer, onListenerFailed: (event, error) => this.#listenerFailed(event, error) };
    for (const entry of topicEntries(options.provides.topics, true).values()) bus.add(new LocalMember(entry, this.local));
  }

  #credentialsFor(access: Access): CredentialsOptions {
    return {
      access,
      manifestOf: (id) => this.get(id)?.manifest,
      signalOf: (id) => this.#known.get(id)?.unloaded.signal ?? AbortSignal.abort(),
      onIssued: (id, permissions, ok) => this.keeper?.access(id, permissions, ok),
    };
  }

  /** In load order. */
  get all(): readonly PluginSession[] {
    return [...this.#known.values()].map(({ session }) => session);
  }

  get specs(): readonly ResolvedSpec[] {
    return this.all.map(({ spec }) => spec);
  }

  get(id: string): PluginSession | undefined {
    return this.#known.get(id)?.session;
  }

  tallyOf({ id }: PluginSession): Tally {
    return (this.#known.get(id) as Known).tally;
  }

  /** @param kept What is known of it from before. */
  add(spec: ResolvedSpec, kept: Kept = {}): PluginSession {
    const runner = this.#runner(spec);
    const session: PluginSession = new PluginSession(spec, runner, {
      activate: () => this.#activate(session),
      deactivate: () => (this.get(spec.id) === session ? this.deactivate(spec.id) : runner.deactivate()),
      onGrants: () => member.forgetGrants(),
      keeper: () => this.keeper,
    });
    session.restore(kept);
    const member = this.#member(spec, session, runner);
    runner.member = member;
    const tally = new Tally(session, member);
    this.#known.set(spec.id, { session, member, tally, unloaded: new AbortController(), leaveBus: this.#bus.add(member) });
    return session;
  }

  /** Starts a plugin, once those that it needs are active. @throws {PluginError} Why it is not. */
  async activate(id: string): Promise<void> {
    const session = this.get(id);
    if (session !== undefined) await this.#activate(session);
  }

  async #activate(session: PluginSession): Promise<void> {
    const { id, runner } = session;
    if (this.#closing) throw new PluginError("CONNECTION_CLOSED", `Cannot start plugin "${id}": its host is closed`);
    if (this.get(id) === session) return runner.activate();
    throw new PluginError("UNKNOWN_PLUGIN", `Cannot start plugin "${id}": it is not loaded any more\n  Load it anew with host.load().`);
  }

  /** Stops a plugin, after those that need it; these come back with it. */
  async deactivate(id: string): Promise<void> {
    for (const dependent of dependentsOf(id, this.specs)) await this.get(dependent)?.runner.deactivate();
    await this.get(id)?.runner.deactivate();
  }

  /** Stops a plugin and forgets it. Idempotent. */
  remove(id: string): Promise<void> {
    const known = this.#known.get(id);
    if (known === undefined) return Promise.resolve();
    known.session.runner.seat?.dismiss();
    known.removed ??= this.deactivate(id).then(() => {
      this.#known.delete(id);
      known.leaveBus();
      known.unloaded.abort();
    });
    return known.removed;
  }

  /** Resolves once a plugin that is being removed is gone. */
  async untilRemoved(id: string): Promise<void> {
    await this.#known.get(id)?.removed;
  }

  /** Resolves once the events that wait were handed on, or after so long. */
  async flush(timeoutMs: number): Promise<void> {
    const giveUpAt = this.#clock.now() + timeoutMs;
    const waiting = (): boolean => [...this.#known.values()].some(({ member }) => member.isWaiting);
    // What was handed to a connection leaves with its next turn.
    do await new Promise<void>((resolve) => this.#clock.soon(resolve));
    while (waiting() && this.#clock.now() < giveUpAt);
  }

  /** Stops all of them at once, each after those that need it. */
  async close(): Promise<void> {
    this.#closing = true;
    const stopped = new Map<string, Promise<void>>();
    const stop = (id: string): Promise<void> => {
      const direct = this.specs.filter(({ needs }) => needs.includes(id));
      const known = stopped.get(id) ?? Promise.all(direct.map((spec) => stop(spec.id))).then(() => this.get(id)?.runner.deactivate());
      stopped.set(id, known);
      return known;
    };
    await Promise.all(this.specs.map(({ id }) => stop(id)));
    for (const { leaveBus, unloaded } of this.#known.values()) {
      leaveBus();
      unloaded.abort();
    }
  }

  /** What the door asks of them. */
  get externals(): Externals {
    const { provides } = this.#options;
    return {
      provides: provides.contracts,
      find: (id) => this.#external(id),
      has: (id) => this.#known.has(id),
      addUnknown: (id) => this.#addUnknown(id),
      authorize: (id) => this.#authorize(id),
      identify: newIdentity,
      answer: (id, connection) => this.#answer(id, connection),
    };
  }

  #external(id: string): External | undefined {
    const session = this.get(id);
    if (session?.runner.seat === undefined || session.spec.mode !== "external") return undefined;
    const { needs, tokenDigest, apiVersions } = session.spec;
    const lacking = needs.find((needed) => this.get(needed)?.reportedState !== "active" && !this.get(needed)?.runner.isSleeping);
    return { seat: session.runner.seat, tokenDigest, apiVersions, settings: session.runner.settings, lacking };
  }

  /** One that nobody has loaded is known for as long as it is connected. */
  #addUnknown(id: string): void {
    const session = this.add(resolveSpec({ id, mode: "external" }));
    session.runner.onEmpty = () => void this.remove(id);
    void session.runner.activate();
  }

  #runner(spec: ResolvedSpec): Runner {
    const { callTimeoutMs } = this.#options;
    return new Runner({
      spec,
      clock: this.#clock,
      callTimeoutMs: (spec.mode === "supervised" ? spec.client.callTimeoutMs : undefined) ?? callTimeoutMs,
      validate: (spec.mode === "supervised" ? spec.client.validate : undefined) ?? true,
      maxPendingCalls: LIMITS.maxPendingCalls,
      patienceMs: this.#options.clientTimeoutMs,
      start: (what, signal) => this.#start(spec, what, signal),
      onChange: (change, instance) =>
        this.#changed(spec.id, { ...change, ...(instance === undefined ? {} : { instance }), pluginId: spec.id }),
      onActive: ({ connection }) => this.#registered(spec.id, connection),
      onLastExit: (exit) => this.keeper?.lastExit(spec.id, exit),
      warn: (sentence, error) => this.#loggerOf(spec.id).warn(sentence, { error }),
    });
  }

  #member(spec: ResolvedSpec, session: PluginSession, runner: Runner): SessionMember {
    return new SessionMember({
      id: spec.id,
      order: this.#loaded++,
      hookOrder: spec.order,
      clock: this.#clock,
      sleeps: spec.mode === "supervised" && spec.activation === "demand",
      isGranted: (kind, topic) => this.#isGranted(session, kind, topic),
      call: (method, input, options) => runner.handle.call(method, input, options),
      wake: () => runner.wake(),
      onChange: () => this.#bus.forget(),
      onUse: () => runner.handle.use(),
      onDropped: (count) => this.#emit<Dropped>(CORE_DROPPED, { pluginId: spec.id, count }),
    });
  }

  async #start(spec: ResolvedSpec, what: StartWhat, signal: AbortSignal): Promise<LiveUnit> {
    // Those that are asked for in the same turn are on their way by then.
    await undefined;
    // Given up with the start: whoever stops this one may have to wait for nobody else's start.
    await abortable(Promise.all(spec.needs.map((needed) => this.#untilThere(spec.id, needed))), signal);
    signal.throwIfAborted();
    return spec.mode === "inline" ? this.#startInline(spec, what, signal) : this.#startProcess(spec as ResolvedSupervised, what, signal);
  }

  async #untilThere(id: string, needed: string): Promise<void> {
    const session = this.get(needed);
    if (session !== undefined && !session.runner.isSleeping) await session.runner.untilStarted();
    if (session?.reportedState === "active" || session?.runner.isSleeping) return;
    const reason =
      session === undefined
        ? "not loaded"
        : `${session.reportedState}${session.errorMessage === undefined ? "" : `: ${session.errorMessage}`}`;
    throw new NotReadyError(`Cannot start plugin "${id}": it needs plugin "${needed}", which is ${reason}`, [{ id: needed, reason }]);
  }

  #startProcess(spec: ResolvedSupervised, { settings, command, cwd }: StartWhat, signal: AbortSignal): Promise<LiveUnit> {
    const { runtime, provides, logger, app, callTimeoutMs } = this.#options;
    if (runtime === undefined && spec.client.runtime === undefined) {
      throw new NotReadyError(`Cannot start plugin "${spec.id}": this host runs nothing (runtimeProvider "none")`, [
        { id: spec.id, reason: "it may not be run" },
      ]);
    }
    const own = runtime === "local" ? {} : { runtime };
    const client = {
      callTimeoutMs,
      ...own,
      ...spec.client,
      logger: this.#loggerOf(spec.id, spec.client.logger ?? logger),
      ...(command === undefined ? {} : { command }),
      ...(cwd === undefined ? {} : { cwd }),
      provides: [...provides.contracts, ...this.#credentials, ...(spec.client.provides ?? [])],
      config: settings,
    };
    const hosted = { identity: newIdentity(spec.id), info: app, authorize: this.#authorize(spec.id) };
    return startProcess(client, { shown: spec.id, hosted, onLink: (connection) => this.#answer(spec.id, connection) }, signal);
  }

  #startInline(spec: ResolvedInline, { settings }: StartWhat, signal: AbortSignal): Promise<LiveUnit> {
    const { provides, logger, callTimeoutMs } = this.#options;
    const options = {
      spec,
      settings,
      hostProvides: provides.contracts,
      shared: { limits: LIMITS, clock: this.#clock, logger, validate: true, callTimeoutMs },
      host: { identity: newIdentity(spec.id), authorize: this.#authorize(spec.id) },
      onLink: (connection: PeerConnection) => this.#answer(spec.id, connection),
    };
    return startInline(options, signal);
  }

  /** Why a plugin may not call a contract, looked at for each call. */
  #authorize(id: string): (contract: string) => string | undefined {
    return (contract) => {
      const session = this.get(id);
      // Its manifest asks for credentials, and the program gives them or not.
      if (contract === credentials.name && this.#credentials.length > 0)
        return session?.manifest?.access === undefined ? noAccess(id) : undefined;
      if (session === undefined || isGranted(session.grants, "contracts", contract, undefined)) return undefined;
      return lackingGrant(id, "contracts", contract);
    };
  }

  /** Has the bus answer what a plugin says on it. */
  #answer(id: string, connection: PeerConnection): void {
    const speaker = {
      id,
      isGranted: (kind: GrantKind, topic: string) => {
        const session = this.get(id);
        return session !== undefined && this.#isGranted(session, kind, topic);
      },
      onListenerFailed: (report: Omit<ListenerFailed, "pluginId">) => this.#emit<ListenerFailed>(CORE_ERROR, { pluginId: id, ...report }),
    };
    connection.peer.answer(pluginEndpoint(this.#bus, speaker));
  }

  #isGranted({ grants }: PluginSession, kind: GrantKind, topic: string): boolean {
    return isGranted(grants, kind, topic, this.#options.topics?.name);
  }

  #registered(pluginId: string, { provided }: PeerConnection): void {
    this.#emit<Registered>(CORE_REGISTER, { pluginId, provides: provided.map(({ name }) => name) });
  }

  #listenerFailed({ message: { id = "", source = HOST_ID }, topic }: BusEvent, error: unknown): void {
    this.#options.logger.warn(`A listener of this program failed on "${topic}"`, { error });
    // A listener of failures that fails itself would go on for ever.
    if (topic === CORE_ERROR) return;
    this.#emit<ListenerFailed>(CORE_ERROR, { pluginId: HOST_ID, eventId: id, source, topic, message: textOfThrown(error) });
  }

  /** What the host says of itself. It has no sender among the members: all hear it, this program too. */
  #emit<P>(topic: string, payload: P): void {
    this.#bus.emit(topic, payload, "");
  }

  #changed(id: string, change: SessionChange): void {
    this.#log(change);
    this.#onChange(change);
    if (change.to !== "active" || this.#closing) return;
    for (const session of this.all) if (session.spec.needs.includes(id) && isHeldBack(session)) this.activate(session.id).catch(() => {});
  }

  /** What is said of a plugin goes into its own log as well, where there is one. */
  #loggerOf(id: string, given: Logger | false = this.#options.logger): Logger {
    const logger = given || silentLogger;
    return this.keeper?.logger(id, logger) ?? logger;
  }

  #log(change: SessionChange): void {
    const { pluginId } = change;
    const logger = this.#loggerOf(pluginId);
    if (change.to === "errored") logger.error(`Plugin "${pluginId}" is errored: ${change.error.message}`);
    else if (change.to === "restarting")
      logger.warn(`Plugin "${pluginId}" is restarted in ${Math.round(change.delayMs)} ms: ${change.error.message}`);
    else logger.debug(`Plugin "${pluginId}" is ${change.to}`);
  }
}

function noAccess(id: string): string {
  return `plugin "${id}" asks for no access in its manifest\n  "access": { "permissions": […] } does that.`;
}

/** Says whether a plugin is wanted, and not there for want of another that it needs. */
function isHeldBack({ activeState, reportedState, runner }: PluginSession): boolean {
  if (activeState !== "active") return false;
  return reportedState === "inactive" ? !runner.isSleeping : reportedState === "errored" && isNotReady(runner.error);
}

function isNotReady(error: PluginError | undefined): boolean {
  return error?.code === "NOT_READY";
}
