import type { PluginIdentity } from "../contract/context.js";
import type { Contract } from "../contract/contract.js";
import type { Remote } from "../contract/views.js";
import { type PluginError, StartError } from "../errors.js";
import { wholeCommand } from "../executable/shown-command.js";
import type { ReattachConfig } from "../handshake/reattach-config.js";
import type { Connection } from "../peer/connection.js";
import { type CloseReason, describe } from "../peer/errors/close-reason.js";
import { newIdentity } from "../peer/plugin-identity.js";
import { manage } from "../process/registry.js";
import { pidOf, type Running } from "../process/runtime.js";
import { isWithin, killAtOnce, terminate } from "../process/terminate.js";
import { abortable } from "../util/abort.js";
import type { Address } from "../util/address.js";
import { deferred } from "../util/deferred.js";
import { withFields } from "../util/logger.js";
import { type Moves, moveState } from "../util/state.js";
import { exitReason, release } from "./ending.js";
import { watchForgotten } from "./forgotten.js";
import { checkDrainOptions, type DrainOptions } from "./options/drain-options.js";
import type { ResolvedClientOptions } from "./options/options.js";
import { checkStartOptions, type StartOptions } from "./options/start-options.js";
import type { PluginLink } from "./plugin-link.js";
import { reattachConfig } from "./reattach.js";
import type { Started } from "./start/opened.js";
import { Starting } from "./start/starting.js";
import { watchLife } from "./watch-life.js";

/** How far a client is in its life. `docs/lifecycle.md` has the moves. */
export type ClientState = "idle" | "starting" | "ready" | "closing" | "closed";

/** The host's end of one plugin. It lives once: after `closed`, start() rejects. The end of an `await using` block ends it as kill() does. */
export interface Client extends AsyncDisposable {
  /** Where it is in its life now. */
  readonly state: ClientState;
  /** The plugin's process id, from its spawn on; undefined before, and where a `runtime` has none. */
  readonly pid: number | undefined;
  /** Resolves when the plugin is gone. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /** The apiVersion agreed with the plugin; undefined before it is ready. */
  readonly negotiatedVersion: number | undefined;
  /** Enough for another process to attach to the plugin while it runs; the secret is in it. Undefined before it is ready, and with
   *  `tls: "auto"`: of the keys made for a start none leaves its process. */
  readonly reattachConfig: ReattachConfig | undefined;
  /**
   * Starts the plugin, and resolves with where it listens. Idempotent.
   * @throws {StartError} With the step that failed: `START_FAILED`, `START_TIMEOUT`, `BAD_HANDSHAKE`, `VERSION_MISMATCH` or
   *   `CHECKSUM_MISMATCH`.
   */
  start(options?: StartOptions): Promise<Address>;
  /** Starts the plugin if needed, and resolves with the connection to it: the same one each time. @throws {StartError} As start(). */
  client(): Promise<Connection>;
  /**
   * Starts the plugin if needed, and resolves with one function for each member of the contract.
   * @throws {StartError} As start().
   * @throws {PluginError} `NOT_PROVIDED` If the plugin lacks the contract or a member, which it names.
   */
  dispense<C extends Contract>(contract: C): Promise<Remote<C>>;
  /**
   * Makes no new calls, which reject with `NOT_SENT`, lets those that run finish, streams too, and then does what kill() does. Calls of
   * this side first, whose handlers may call back meanwhile, then the plugin's. kill() cuts it short. Idempotent.
   * @throws {TypeError | RangeError} If the options cannot be used.
   */
  drain(options?: DrainOptions): Promise<CloseReason>;
  /**
   * Lets this program end while the plugin is open, which ends with it then, as with a host that dies. A call that waits still keeps the
   * program running, and so do a start and kill(); an open stream does not. Of no effect on a `runtime` that has no `hold`. Idempotent.
   */
  unref(): void;
  /** Takes unref() back. Idempotent. */
  ref(): void;
  /**
   * Asks the plugin to stop, waits `killTimeoutMs`, insists, and resolves when it is gone. Idempotent; never rejects. A plugin that was
   * attached to is left alone, unless `mayKill`.
   */
  kill(): Promise<CloseReason>;
}

const MOVES: Moves<ClientState> = {
  idle: ["starting", "closed"],
  starting: ["ready", "closing"],
  ready: ["closing"],
  closing: ["closed"],
  closed: [],
};
// How long a lost connection's process has to end by itself before it is ended.
const EXIT_MS = 250;
const LEFT: CloseReason = { kind: "closed", by: "us" };

export class PluginClient implements Client {
  readonly closed: Promise<CloseReason>;
  readonly #closed = deferred<CloseReason>();
  readonly #options: ResolvedClientOptions;
  readonly #unmanage: () => void;
  readonly #starting: Starting;
  #state: ClientState = "idle";
  #started: Promise<Started> | undefined;
  #drained: Promise<CloseReason> | undefined;
  #killed: Promise<CloseReason> | undefined;
  #failure: StartError | undefined;
  #holds: boolean;
  #stopWatching: (() => void) | undefined;
  /** What became of it, for who comes too late. */
  #fate: "has ended" | "was killed" | "has failed to start" = "has ended";
  #negotiatedVersion: number | undefined;
  #reattachConfig: ReattachConfig | undefined;

  /** @param identity Who the plugin is to the handlers that it calls. */
  constructor(options: ResolvedClientOptions, identity: PluginIdentity = options.hosted?.identity ?? newIdentity(options.shown)) {
    const logger = withFields(options.logger, () => ({ plugin: identity.id, pid: this.pid }));
    this.#options = { ...options, logger };
    this.#starting = new Starting(this.#options, identity);
    this.closed = this.#closed.promise;
    this.#holds = options.ref;
    this.#unmanage = options.managed ? manage(this) : () => {};
  }

  get state(): ClientState {
    return this.#state;
  }

  get pid(): number | undefined {
    const { launched } = this.#starting;
    return launched && pidOf(launched.running);
  }

  get negotiatedVersion(): number | undefined {
    return this.#negotiatedVersion;
  }

  get reattachConfig(): ReattachConfig | undefined {
    return this.#reattachConfig;
  }

  async start(options: StartOptions = {}): Promise<Address> {
    checkStartOptions(this.#options.shown, options);
    const { signal } = options;
    signal?.throwIfAborted();
    const started = this.#start();
    return (await (signal === undefined ? started : abortable(started, signal))).address;
  }

  client(): Promise<Connection> {
    return this.link();
  }

  /** The same as client(), with what the rooms above need of it. */
  async link(): Promise<PluginLink> {
    return (await this.#start()).link;
  }

  async dispense<C extends Contract>(contract: C): Promise<Remote<C>> {
    return (await this.#start()).link.dispense(contract) as unknown as Remote<C>;
  }

  async drain(options: DrainOptions = {}): Promise<CloseReason> {
    checkDrainOptions(this.#options.shown, options);
    return (this.#drained ??= this.#drain(options.timeoutMs ?? this.#options.callTimeoutMs));
  }

  unref(): void {
    this.#hold(false);
  }

  ref(): void {
    this.#hold(true);
  }

  kill(): Promise<CloseReason> {
    return (this.#killed ??= this.#kill());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #start(): Promise<Started> {
    if (this.#state === "closing" || this.#state === "closed") return Promise.reject(this.#tooLate());
    return (this.#started ??= this.#run());
  }

  // A client lives once, as in Otto: whoever holds it knows that it is always the same process.
  #tooLate(): StartError {
    const { shown, command } = this.#options;
    const sentence = `Cannot start plugin "${shown}": this client ${this.#fate}, and a client starts once\n  Make a new one with NewClient()`;
    const details = { step: "options", reason: "options", command: wholeCommand(command) } as const;
    return new StartError("START_FAILED", sentence, details, this.#failure && { cause: this.#failure });
  }

  async #run(): Promise<Started> {
    this.#move("starting");
    try {
      const started = await this.#starting.run();
      if (this.#state !== "starting") throw this.#tooLate();
      this.#negotiatedVersion = started.link.apiVersion;
      this.#reattachConfig = reattachConfig(started);
      this.#move("ready");
      this.#watch(started);
      return started;
    } catch (error) {
      if (this.#state === "starting") await this.#fail(error as StartError);
      throw error;
    }
  }

  /** A start that failed leaves nothing behind, and is told when that is so. */
  async #fail(error: StartError): Promise<void> {
    this.#failure = error;
    this.#fate = "has failed to start";
    this.#move("closing");
    const { launched } = this.#starting;
    // Somebody else's process has done nothing to be ended for, and this one may not even be that.
    if (launched !== undefined && this.#options.reattach === undefined) {
      // Once it has configured itself, or has tried to, it may have something to clean up.
      if (error.step === "ready") await terminate(launched.running, this.#options.killTimeoutMs);
      else await this.#killAtOnce(launched.running);
    }
    await this.#end({ kind: "failed", error });
  }

  #watch(started: Started): void {
    const { launched, stdio, link } = started;
    const { running } = launched;
    const stopWatching = watchLife(started, this.#options, (error) => void this.#endFrozen(started, error));
    void this.closed.then(stopWatching);
    void running.exited.then(async (exit) => {
      if (this.#state !== "ready") return;
      this.#move("closing");
      await release(this.#starting, exitReason(exit, stdio), this.#options);
      this.#finish(exitReason(exit, stdio)); // All of its output has been read by now.
    });
    void link.closed.then(async (reason) => {
      // Most often its process has ended, a moment before that is known.
      if (!(reason.kind === "closed" && reason.by === "us")) await isWithin(running.exited, EXIT_MS);
      if (this.#state !== "ready") return;
      this.#move("closing");
      // A process that cannot be reached any more is of no use, and would stay for ever.
      if (this.#mayKill) await terminate(running, this.#options.killTimeoutMs);
      await this.#end(reason);
    });
    if (this.#options.reattach !== undefined) return;
    void stdio.drained.then(async () => {
      if ((await isWithin(running.exited, EXIT_MS)) || this.#state !== "ready") return;
      this.#options.logger.warn(`Plugin "${this.#options.shown}" has closed its stdout and stderr: nothing more of its output is seen`);
    });
  }

  async #endFrozen({ launched: { running }, link }: Started, error: PluginError): Promise<void> {
    if (this.#state !== "ready") return;
    this.#move("closing");
    const reason: CloseReason = { kind: "lost", error };
    void link.end(reason);
    // A stopped process runs no handler of SIGTERM.
    if (this.#mayKill) await this.#killAtOnce(running);
    await this.#end(reason);
  }

  async #killAtOnce(running: Running): Promise<void> {
    if (await killAtOnce(running)) return;
    this.#options.logger.error(`Plugin "${this.#options.shown}" could not be killed: process ${running.id} lives on`);
  }

  get #mayKill(): boolean {
    return this.#options.reattach?.mayKill ?? true;
  }

  async #leave(): Promise<CloseReason> {
    await this.#starting.link?.close();
    return this.#end(LEFT);
  }

  async #drain(timeoutMs: number): Promise<CloseReason> {
    const { link } = this.#starting;
    if (this.#state !== "ready" || link === undefined) return this.kill();
    const drained = link.drain(timeoutMs, `plugin "${this.#options.shown}" is being drained`);
    // A plugin that is lost meanwhile is ended for that, and was not killed.
    const lost = await Promise.race([drained.then(() => false), link.closed.then(() => true)]);
    return lost ? this.closed : this.kill();
  }

  async #kill(): Promise<CloseReason> {
    if (this.#state === "closing" || this.#state === "closed") return this.closed;
    this.#fate = "was killed";
    const { reattach } = this.#options;
    if (this.#state === "idle") return this.#finish(reattach === undefined ? { kind: "killed", forced: false, escaped: [] } : LEFT);
    const wasReady = this.#state === "ready";
    this.#move("closing");
    if (!wasReady) {
      this.#starting.cancel();
      await this.#started?.catch(() => {});
    }
    // What has not yet proven itself is not ours to kill, either.
    if (reattach !== undefined && !(wasReady && reattach.mayKill)) return this.#leave();
    const { launched, link } = this.#starting;
    if (launched === undefined) return this.#end({ kind: "killed", forced: false, escaped: [] });
    const { shown, killTimeoutMs } = this.#options;
    const why = `plugin "${shown}" is being stopped`;
    // At once: what the plugin has started is looked for before it is asked.
    if (wasReady) link?.leave(why);
    const ask = (): boolean => wasReady && link?.askToStop(killTimeoutMs, why) === true;
    return this.#end({ kind: "killed", ...(await terminate(launched.running, killTimeoutMs, ask)) });
  }

  async #end(reason: CloseReason): Promise<CloseReason> {
    await release(this.#starting, reason, this.#options);
    return this.#finish(reason);
  }

  /** True for one that keeps the program running, and does nothing. */
  get #isIdle(): boolean {
    return this.#holds && this.#starting.link?.isIdle === true;
  }

  #finish(reason: CloseReason): Promise<CloseReason> {
    if (this.#state === "closing") this.#tellEnd(reason);
    this.#move("closed");
    this.#unmanage();
    this.#closed.resolve(reason);
    return this.closed;
  }

  // Of a start that failed who started it is told.
  #tellEnd(reason: CloseReason): void {
    if (reason.kind === "failed") return;
    const { shown, logger } = this.#options;
    const wasAsked = reason.kind === "killed" || (reason.kind === "closed" && reason.by === "us");
    logger[wasAsked ? "info" : "error"](`Plugin ended: ${describe(reason, `plugin "${shown}"`)}`, factsOf(reason));
  }

  #hold(holds: boolean): void {
    this.#holds = holds;
    this.#applyHold();
  }

  /** What is under way is waited for by somebody. */
  #applyHold(): void {
    const { launched, link } = this.#starting;
    const holds = this.#holds || this.#state !== "ready";
    launched?.running.hold?.(holds);
    link?.holdProgram(holds);
  }

  #move(to: ClientState): void {
    this.#state = moveState(MOVES, this.#state, to);
    if (!this.#holds) this.#applyHold();
    if (to === "ready") this.#stopWatching = watchForgotten({ logger: this.#options.logger, isIdle: () => this.#isIdle });
    else this.#stopWatching?.();
  }
}

/** What a record of its end says beside the sentence. */
function factsOf(reason: CloseReason): object {
  if (reason.kind === "exited") return { exitCode: reason.exitCode, signal: reason.signal, ...(reason.error && { error: reason.error }) };
  if (reason.kind === "killed") return { forced: reason.forced, escaped: reason.escaped };
  return reason.kind === "lost" ? { error: reason.error } : {};
}
