import type { ClientOptions } from "../../client/options/options.js";
import { PluginError } from "../../errors.js";
import type { RemoteOptions } from "../../peer/calls/remote.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import type { Provided } from "../../peer/provided.js";
import { abortable } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { type Deferred, deferred } from "../../util/deferred.js";
import { nextTick } from "../../util/timers.js";
import { CONFIGURE } from "../../wire/messages.js";
import type { SessionMember } from "../bus/session-member.js";
import { type ExternalState, Seat } from "../external/seat.js";
import type { ResolvedSpec, ResolvedSupervised } from "../options/resolve-spec.js";
import { Instances } from "../supervised/instances.js";
import type { LiveUnit } from "../supervised/live-unit.js";
import { resolveRestart } from "../supervised/restart-policy.js";
import type { SupervisorChange } from "../supervised/supervisor.js";
import { Handle } from "./handle.js";
import { askHealth, type Health, watchHealth } from "./health-watch.js";
import type { LastExit, ReplaceOptions } from "./session.js";
import type { SessionHealth } from "./session-health.js";
import type { SessionState } from "./states.js";

export interface RunnerOptions {
  readonly spec: ResolvedSpec;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  readonly validate: boolean;
  /** How many calls may wait for a process at a time. */
  readonly maxPendingCalls: number;
  /** How long a plugin that dials in is awaited. */
  readonly patienceMs: number;
  /** Starts one process. */
  start(what: StartWhat, signal: AbortSignal): Promise<LiveUnit>;
  onChange(change: UnitChange, instance: number | undefined): void;
  onActive(unit: LiveUnit): void;
  onLastExit(exit: LastExit): void;
  warn(sentence: string, error: unknown): void;
}
/** A move of what serves a session: of its processes, or of the place that a plugin has which dials in. */
export type UnitChange = SupervisorChange | { readonly to: ExternalState };
/** What may differ from one start of a plugin to the next. */
export interface StartWhat extends Program {
  readonly settings: unknown;
}
/** Another program than the spec's, and where it runs. */
interface Program {
  readonly command: ClientOptions["command"];
  readonly cwd: ClientOptions["cwd"];
}

const CONFIGURE_MS = 30_000;
const DRAIN_MS = 10_000;

/** Runs one plugin: its processes, the handle by which they are called, its place on the bus, its health. */
export class Runner {
  /** Told of each process that served it and is gone. */
  onGone: (unit: LiveUnit) => void = () => {};
  /** Told when nobody serves it any more. */
  onEmpty: () => void = () => {};
  readonly handle: Handle;
  /** The place of a plugin that dials in. */
  readonly seat: Seat | undefined;
  /** How the calls of its remotes are made. */
  readonly remoteOptions: RemoteOptions;
  readonly #options: RunnerOptions;
  readonly #instances: Instances<LiveUnit> | Seat;
  readonly #ends = new Map<LiveUnit, () => void>();
  readonly #started: Deferred<void>[] = [];
  #member: SessionMember | undefined;
  #settings: unknown;
  #program: Program = { command: undefined, cwd: undefined };
  #provided: readonly Provided[] | undefined;
  #startedAt: Date | undefined;
  #lastExit: LastExit | undefined;
  #health: Health | undefined;
  #retry: Readonly<Record<string, unknown>> = {};
  #reported: SessionState = "inactive";
  #sleeping = false;
  #stopIdleTimer: () => void = () => {};
  #waking = false;
  #replacing: Promise<unknown> = Promise.resolve();
  #giveUpReplacing = new AbortController();

  constructor(options: RunnerOptions) {
    const { spec, clock, callTimeoutMs, validate, maxPendingCalls } = options;
    this.#options = options;
    this.#settings = spec.options;
    this.remoteOptions = { validate, plugin: spec.id, clock, hold: undefined, callTimeoutMs };
    this.handle = new Handle({ clock, callTimeoutMs, maxPendingCalls, wake: () => this.wake() });
    this.seat = spec.mode === "external" ? this.#newSeat() : undefined;
    this.#instances = this.seat ?? this.#newInstances(shapeOf(spec));
  }

  #newSeat(): Seat {
    const { spec, clock, patienceMs } = this.#options;
    return new Seat({
      id: spec.id,
      clock,
      patienceMs,
      onUnits: (units) => this.#serve(units),
      onChange: (change) => this.#changed(change, undefined),
      onEnd: (unit, reason) => this.#ended(unit, reason),
      onPatienceOver: () => this.#tellStarted(),
    });
  }

  #newInstances({ count, standby, restart }: Shape): Instances<LiveUnit> {
    const { spec, clock, start, warn } = this.#options;
    return new Instances<LiveUnit>({
      name: spec.id,
      count,
      standby,
      restart,
      clock,
      start: (signal) => start({ settings: this.#settings, ...this.#program }, signal),
      onUnits: (units) => this.#serve(units),
      onChange: (change, instance) => this.#changed(change, count === 1 ? undefined : instance),
      onEnd: (unit, reason) => this.#ended(unit, reason),
      onSpareFailed: (error) => warn(`Cannot start the standby process of plugin "${spec.id}"`, error),
    });
  }

  /** The plugin's place on the bus. */
  set member(member: SessionMember) {
    this.#member = member;
  }

  get state(): SessionState {
    return this.#instances.state;
  }

  get error(): PluginError | undefined {
    const { state } = this;
    return state === "errored" || state === "restarting" || state === "connecting" ? this.#instances.error : undefined;
  }

  /** What the plugin is configured with. */
  get settings(): unknown {
    return this.#settings;
  }

  /** When it is tried again, while it waits for that. */
  get retry(): Readonly<Record<string, unknown>> {
    return this.state === "restarting" ? this.#retry : {};
  }

  get restarts(): number {
    return this.#instances.restarts;
  }

  get units(): readonly LiveUnit[] {
    return this.#instances.units;
  }

  get pid(): number | undefined {
    return this.units[0]?.pid;
  }

  get provided(): readonly Provided[] | undefined {
    return this.#provided;
  }

  get startedAt(): Date | undefined {
    return this.#startedAt;
  }

  get lastExit(): LastExit | undefined {
    return this.#lastExit;
  }

  /** What is known from before this host was started. */
  restore({ settings, lastExit }: { readonly settings?: unknown; readonly lastExit?: LastExit | undefined }): void {
    if (settings !== undefined) this.#settings = settings;
    this.#lastExit ??= lastExit;
  }

  get health(): SessionHealth | undefined {
    const callsTimedOut = this.units.reduce((sum, { peer }) => sum + peer.callsTimedOut, 0);
    if (this.#health !== undefined) return { ...this.#health, callsTimedOut };
    return callsTimedOut === 0
      ? undefined
      : { ok: false, message: `${callsTimedOut} calls were not answered in time`, at: new Date(), callsTimedOut };
  }

  /** Starts it; a plugin that sleeps until it is wanted falls asleep instead. */
  async activate(): Promise<void> {
    if (!this.#sleeps) return this.#instances.activate();
    this.#sleeping = true;
    // Asked for again it is as it was at first: the next call starts it.
    if (this.state === "errored") await this.#instances.deactivate();
  }

  async deactivate(): Promise<void> {
    this.#sleeping = false;
    this.#stopIdleTimer();
    this.#member?.dropWaiting();
    const stopped = this.#instances.deactivate();
    const { id } = this.#options.spec;
    this.#giveUpReplacing.abort(new PluginError("CANCELLED", `Gave up the replacement of plugin "${id}": it was asked to stop meanwhile`));
    this.#giveUpReplacing = new AbortController();
    this.handle.giveUp(this.#why());
    for (const started of this.#started.splice(0)) started.resolve();
    await Promise.all([stopped, this.#replacing]);
  }

  /** Starts a plugin that sleeps. True if it is one that does, and is on its way; one that is errored stays so until it is asked for. */
  wake(): boolean {
    if (!this.isSleeping) return false;
    if ((this.state === "inactive" || this.state === "stopping") && !this.#waking) {
      this.#waking = true;
      const woken = (): void => {
        this.#waking = false;
      };
      // One that is just being stopped begins anew once it is gone.
      this.#instances.activate().then(woken, woken);
    }
    return true;
  }

  /** Resolves once it is active, all of it, or is not going to be; a plugin that sleeps is woken. */
  untilStarted(): Promise<void> {
    this.wake();
    const isAsleep = this.#sleeping && (this.state === "inactive" || this.state === "stopping");
    if (!this.#instances.isSettling && !isAsleep) return Promise.resolve();
    const started = deferred<void>();
    this.#started.push(started);
    return started.promise;
  }

  replace({ drainMs = DRAIN_MS, command }: ReplaceOptions): Promise<void> {
    return this.#inTurn(() => this.#replace(drainMs, { ...this.#program, ...(command === undefined ? {} : { command }) }));
  }

  /** Runs another program from now on: one that is active is replaced, another runs it at its next start. */
  run(program: Program): Promise<void> {
    return this.#inTurn(async () => {
      if (this.state === "active") return this.#replace(DRAIN_MS, program);
      this.#program = program;
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const replaced = this.#replacing.then(work);
    this.#replacing = replaced.catch(() => {});
    return replaced;
  }

  async #replace(drainMs: number, program: Program): Promise<void> {
    const { id } = this.#options.spec;
    if (this.#instances instanceof Seat) throw new TypeError(`Cannot replace plugin "${id}": somebody else runs it`);
    if (this.state !== "active") {
      throw new PluginError("NOT_SENT", `Cannot replace plugin "${id}": it is ${this.state}, and only one that is active can be replaced`);
    }
    const { signal } = this.#giveUpReplacing;
    const start = (): Promise<LiveUnit> => this.#options.start({ settings: this.#settings, ...program }, signal);
    const replaced = this.#instances.replace(start, (unit) => abortable(this.#checkFit(unit), signal), drainMs);
    // What was given up fails in some way, or comes too late: why is what counts.
    await replaced.finally(() => signal.throwIfAborted());
    this.#program = program;
  }

  async #checkFit({ peer }: LiveUnit): Promise<void> {
    const { spec } = this.#options;
    const timeoutMs = spec.mode === "supervised" && spec.health !== false ? spec.health.timeoutMs : 5_000;
    const health = await askHealth(peer, timeoutMs);
    if (health === undefined || health.ok) return;
    throw new PluginError(
      "START_FAILED",
      `Cannot replace plugin "${spec.id}": the new process is not well${health.message === undefined ? "" : `: ${health.message}`}`,
    );
  }

  async configure(settings: unknown): Promise<void> {
    const { id } = this.#options.spec;
    if (this.state !== "active") {
      throw new PluginError(
        "NOT_SENT",
        `Cannot configure plugin "${id}": it is ${this.state}, and its settings are taken by one that is active`,
      );
    }
    await Promise.all(this.units.map(({ peer }) => peer.call(CONFIGURE, { config: settings }, { timeoutMs: CONFIGURE_MS })));
    this.#settings = settings;
    if (this.#instances instanceof Instances) await this.#instances.renewSpare();
  }

  fail(unit: LiveUnit, error: PluginError): void {
    this.#instances.fail(unit, error);
  }

  get #sleeps(): boolean {
    const { spec } = this.#options;
    return spec.mode === "supervised" && spec.activation === "demand";
  }

  #serve(units: readonly LiveUnit[]): void {
    for (const [unit, end] of this.#ends) {
      if (units.includes(unit)) continue;
      end();
      this.#ends.delete(unit);
      // What it was asked before it was replaced may yet be answered.
      void unit.closed.then(() => this.onGone(unit));
    }
    for (const unit of units) if (!this.#ends.has(unit)) this.#begin(unit);
    this.handle.serve(units.map(({ peer }) => peer));
    if (units.length === 0) this.handle.rest(this.#why());
    this.#member?.serve(units.map(({ connection }) => connection));
    if (units.length === 0) this.onEmpty();
  }

  #begin(unit: LiveUnit): void {
    const { spec, clock } = this.#options;
    this.#provided = unit.connection.provided;
    this.#startedAt = new Date();
    this.#health = undefined;
    const policy = spec.mode === "supervised" ? spec.health : false;
    const end =
      policy === false
        ? () => {}
        : watchHealth({
            peer: unit.peer,
            policy,
            clock,
            onHealth: (health) => {
              this.#health = health;
            },
            onUnhealthy: (error) => this.fail(unit, error),
          });
    this.#ends.set(unit, end);
    this.#options.onActive(unit);
    this.#watchIdle();
  }

  /** It sleeps until it is wanted: as good as there. */
  get isSleeping(): boolean {
    return this.#sleeping && this.state !== "errored";
  }

  #ended(unit: LiveUnit, reason: CloseReason): void {
    this.#lastExit = { reason, at: new Date(), callsLost: unit.peer.callsLost };
    this.#options.onLastExit(this.#lastExit);
  }

  #changed(change: UnitChange, instance: number | undefined): void {
    if (change.to === "restarting") this.#retry = { attempt: change.attempt, delayMs: change.delayMs };
    const state = this.#instances?.state ?? change.to;
    // Of several, what one of them goes through is told as its own; what the session as a whole is, when that changes.
    if (instance === undefined) this.#options.onChange(change, undefined);
    else if (change.to === "restarting" || change.to === "errored") this.#options.onChange(change, instance);
    if (instance !== undefined && state !== this.#reported && state === change.to) this.#options.onChange(change, undefined);
    this.#reported = state;
    if (state === "errored") {
      this.handle.giveUp(this.#why());
      this.#member?.dropWaiting();
    } else this.handle.rest(this.#why());
    nextTick(() => this.#tellStarted());
  }

  #tellStarted(): void {
    if (this.#instances.isSettling || this.state === "stopping") return;
    for (const started of this.#started.splice(0)) started.resolve();
  }

  /** A plugin that is started on demand is stopped once nothing was asked of it for so long. */
  #watchIdle(): void {
    const { spec, clock } = this.#options;
    if (!this.#sleeps || !this.#sleeping) return;
    const { idleStopMs } = spec as ResolvedSupervised;
    this.#stopIdleTimer();
    if (idleStopMs === Number.POSITIVE_INFINITY) return;
    const look = (): void => {
      this.#stopIdleTimer = clock.after(idleStopMs, () => {
        if (this.handle.takeUse() || this.units.some(({ peer }) => peer.pending + peer.running + peer.openStreams > 0)) return look();
        void this.#instances.deactivate();
      });
    };
    this.handle.takeUse();
    look();
  }

  /** Why no process answers, as the end of a sentence. */
  #why(): string {
    const { id } = this.#options.spec;
    const error = this.error?.message.split("\n", 1)[0];
    const isOnItsWay = this.state === "restarting" || this.state === "starting" || this.state === "connecting";
    const remedy = isOnItsWay ? "\n  Give the call waitReadyMs to have it wait." : "";
    return `plugin "${id}" is ${this.state}${error === undefined ? "" : `: ${error}`}${remedy}`;
  }
}

const INLINE_RESTART = resolveRestart({ attempt: "Cannot load a plugin", prefix: "", values: {} });

/** How many processes a spec asks for. An inline plugin never crashes by itself, but may decline, and say when to ask again. */
type Shape = Pick<ResolvedSupervised, "standby" | "restart"> & { readonly count: number };

function shapeOf(spec: ResolvedSpec): Shape {
  if (spec.mode !== "supervised") return { count: 1, standby: false, restart: INLINE_RESTART };
  return { count: spec.instances, standby: spec.standby, restart: spec.restart };
}
