import { PluginError } from "../../errors.js";
import { type CloseReason, describe } from "../../peer/errors/close-reason.js";
import type { Clock } from "../../util/clock.js";
import { type Deferred, deferred } from "../../util/deferred.js";
import { moveState } from "../../util/state.js";
import { SUPERVISED_MOVES, type SupervisedState } from "../session/states.js";
import { type ResolvedRestartPolicy, RestartCounter, type Verdict } from "./restart-policy.js";
import type { StartUnit, Unit } from "./unit.js";

/** What a supervisor tells of each move. */
export type SupervisorChange =
  | { readonly to: "restarting"; readonly attempt: number; readonly delayMs: number; readonly error: PluginError }
  | { readonly to: "errored"; readonly error: PluginError }
  | { readonly to: Exclude<SupervisedState, "restarting" | "errored"> };

export interface SupervisorOptions<U extends Unit> {
  /** For sentences: the plugin's id, and its instance where there are several. */
  readonly name: string;
  readonly start: StartUnit<U>;
  readonly restart: ResolvedRestartPolicy | false;
  readonly clock: Pick<Clock, "now" | "afterHolding">;
  /** A started, idle unit, which takes over at once; undefined where there is none now. */
  readonly takeSpare?: (() => U | undefined) | undefined;
  onChange(change: SupervisorChange): void;
  /** The unit that calls go to from now on; undefined: none. */
  onUnit(unit: U | undefined): void;
  /** A unit that was ready has ended unasked. */
  onEnd(unit: U, reason: CloseReason): void;
  random?(): number;
}

/** A start that is in flight. */
interface Attempt {
  readonly abort: AbortController;
  /** Resolves when it has come to something, and nothing of it is left if that was not wanted any more. */
  settled: Promise<unknown>;
}

/**
 * Keeps one instance of a plugin as it was asked for last: running, or not.
 *
 * One owner of one state, which moves only by the table; at any time there is at most one unit, starting or running, a replacement and
 * a spare apart. What was asked for last holds, whatever order starts, ends and stops finish in.
 */
export class Supervisor<U extends Unit> {
  readonly #options: SupervisorOptions<U>;
  readonly #counter: RestartCounter;
  #state: SupervisedState = "inactive";
  #wanted = false;
  #unit: U | undefined;
  #since = 0;
  #error: PluginError | undefined;
  #cancelTimer: () => void = () => {};
  #starting: Attempt | undefined;
  /** Why the unit that is being ended is ended, where that counts as a failure of its own. */
  #failing: { readonly unit: U; readonly error: PluginError } | undefined;
  /** Those that were replaced, and still have calls to finish. */
  readonly #drained = new Set<U>();
  #activations: Deferred<void>[] = [];
  #deactivations: Deferred<void>[] = [];
  #restarts = 0;

  constructor(options: SupervisorOptions<U>) {
    this.#options = options;
    this.#counter = new RestartCounter(options.restart, options.random);
  }

  get state(): SupervisedState {
    return this.#state;
  }

  get unit(): U | undefined {
    return this.#unit;
  }

  /** Why it is restarting or errored. */
  get error(): PluginError | undefined {
    return this.#error;
  }

  /** How often it was started anew, since it is known. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Resolves when it is active, also after restarts. @throws {PluginError} Why it is errored; `CANCELLED` if it was asked to stop meanwhile. */
  activate(): Promise<void> {
    this.#wanted = true;
    if (this.#state === "active") return Promise.resolve();
    const active = deferred<void>();
    this.#activations.push(active);
    if (this.#state === "inactive" || this.#state === "errored") this.#begin(true);
    return active.promise;
  }

  /** Resolves when nothing of it runs. Never rejects. */
  deactivate(): Promise<void> {
    this.#wanted = false;
    this.#rejectActivations(
      new PluginError("CANCELLED", `Gave up the start of plugin "${this.#options.name}": it was asked to stop meanwhile`),
    );
    if (this.#state === "inactive") return Promise.resolve();
    const inactive = deferred<void>();
    this.#deactivations.push(inactive);
    if (this.#state !== "stopping") void this.#stop();
    return inactive.promise;
  }

  /** Ends a unit that is of no use any more. Its end counts as a failure, and it is restarted as the policy says. */
  fail(unit: U, error: PluginError): void {
    if (unit !== this.#unit || this.#state !== "active") return;
    this.#failing = { unit, error };
    void unit.stop();
  }

  /** Ends the unit that runs and starts it anew, at once and uncounted. */
  async restart(): Promise<void> {
    if (!this.#wanted) return;
    await this.deactivate();
    await this.activate();
  }

  /**
   * Puts another unit in the place of the one that runs, which is drained. Where that has ended meanwhile, the other one takes its place
   * all the same. @returns False if nothing is wanted here any more: the other one is the caller's to end.
   */
  adopt(unit: U, drainMs: number): boolean {
    if (!this.#wanted || this.#state === "stopping") return false;
    const old = this.#unit;
    this.#cancelTimer();
    if (this.#state === "starting") void this.#abandonStart();
    else if (this.#state !== "active") this.#move({ to: "starting" });
    this.#take(unit);
    if (old !== undefined) this.#drain(old, drainMs);
    return true;
  }

  #drain(unit: U, drainMs: number): void {
    this.#drained.add(unit);
    void unit.closed.then(() => this.#drained.delete(unit));
    void unit.drain(drainMs);
  }

  #begin(afresh: boolean): void {
    if (afresh) this.#counter.reset();
    this.#cancelTimer();
    this.#move({ to: "starting" });
    const attempt: Attempt = { abort: new AbortController(), settled: Promise.resolve() };
    this.#starting = attempt;
    attempt.settled = this.#options.start(attempt.abort.signal).then(
      (unit) => this.#started(attempt, unit),
      (error: PluginError) => this.#failed(attempt, error),
    );
  }

  #started(attempt: Attempt, unit: U): void | Promise<unknown> {
    if (this.#starting !== attempt) return unit.stop();
    this.#starting = undefined;
    this.#counter.started();
    this.#take(unit);
  }

  #failed(attempt: Attempt, error: PluginError): void {
    if (this.#starting !== attempt) return;
    this.#starting = undefined;
    this.#decide(this.#counter.failed(error), error);
  }

  #take(unit: U): void {
    this.#unit = unit;
    this.#since = this.#options.clock.now();
    this.#error = undefined;
    if (this.#state !== "active") this.#move({ to: "active" });
    void unit.closed.then((reason) => this.#ended(unit, reason));
    this.#options.onUnit(unit);
    for (const active of this.#activations.splice(0)) active.resolve();
  }

  #ended(unit: U, told: CloseReason): void {
    if (unit !== this.#unit || this.#state !== "active") return;
    const reason: CloseReason = this.#failing?.unit === unit ? { kind: "lost", error: this.#failing.error } : told;
    this.#failing = undefined;
    this.#unit = undefined;
    this.#options.onEnd(unit, reason);
    const verdict = this.#counter.ended(reason, this.#options.clock.now() - this.#since);
    const spare = verdict.kind === "restart" ? this.#options.takeSpare?.() : undefined;
    if (spare !== undefined) {
      this.#restarts++;
      return this.#take(spare);
    }
    this.#options.onUnit(undefined);
    this.#decide(verdict, endError(this.#options.name, reason));
  }

  #decide(verdict: Verdict, error: PluginError): void {
    this.#error = error;
    if (verdict.kind === "done") return void this.#stop();
    if (verdict.kind === "errored") return this.#giveUp(error);
    const { attempt, delayMs } = verdict;
    this.#move({ to: "restarting", attempt, delayMs, error });
    this.#cancelTimer = this.#options.clock.afterHolding(delayMs, () => {
      this.#restarts++;
      this.#begin(false);
    });
  }

  #giveUp(error: PluginError): void {
    this.#move({ to: "errored", error });
    this.#rejectActivations(error);
    const everyMs = this.#options.restart === false ? undefined : this.#options.restart.thenEveryMs;
    if (everyMs === undefined) return;
    this.#cancelTimer = this.#options.clock.afterHolding(everyMs, () => {
      this.#restarts++;
      this.#begin(true);
    });
  }

  async #stop(): Promise<void> {
    this.#cancelTimer();
    this.#move({ to: "stopping" });
    const unit = this.#unit;
    const stopping = this.#starting === undefined ? unit?.stop() : this.#abandonStart();
    this.#unit = undefined;
    this.#options.onUnit(undefined);
    await Promise.all([stopping, ...[...this.#drained].map((each) => each.stop())]);
    this.#move({ to: "inactive" });
    for (const inactive of this.#deactivations.splice(0)) inactive.resolve();
    // It was asked for again meanwhile, and the caller waits.
    if (this.#wanted && this.#activations.length > 0) this.#begin(true);
  }

  /** Gives a start up. Resolves when nothing of it is left. */
  #abandonStart(): Promise<unknown> {
    const { abort, settled } = this.#starting as Attempt;
    this.#starting = undefined;
    abort.abort(new PluginError("CANCELLED", `Gave up the start of plugin "${this.#options.name}"`));
    return settled;
  }

  #rejectActivations(error: PluginError): void {
    for (const active of this.#activations.splice(0)) active.reject(error);
  }

  #move(change: SupervisorChange): void {
    this.#state = moveState(SUPERVISED_MOVES, this.#state, change.to);
    this.#options.onChange(change);
  }
}

/** How a unit ended that was not asked to, as the error that the session shows. */
function endError(name: string, reason: CloseReason): PluginError {
  const sentence = describe(reason, `plugin "${name}"`);
  return new PluginError("CONNECTION_LOST", `Lost ${sentence}`, "error" in reason ? { cause: reason.error } : undefined);
}
