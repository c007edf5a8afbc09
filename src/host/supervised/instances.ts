import type { PluginError } from "../../errors.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import type { Clock } from "../../util/clock.js";
import type { SupervisedState } from "../session/states.js";
import type { ResolvedRestartPolicy } from "./restart-policy.js";
import { Spare } from "./spare.js";
import { Supervisor, type SupervisorChange } from "./supervisor.js";
import type { Unit } from "./unit.js";

export interface InstancesOptions<U extends Unit> {
  readonly name: string;
  readonly count: number;
  readonly standby: boolean;
  readonly restart: ResolvedRestartPolicy | false;
  readonly clock: Clock;
  start(signal: AbortSignal): Promise<U>;
  /** The units that calls go to from now on. */
  onUnits(units: readonly U[]): void;
  /** @param instance Which of several, from 0. */
  onChange(change: SupervisorChange, instance: number): void;
  onEnd(unit: U, reason: CloseReason): void;
  onSpareFailed(error: PluginError): void;
}

// What several are together is what the best of them is.
const BEST_FIRST: readonly SupervisedState[] = ["active", "starting", "restarting", "stopping", "errored", "inactive"];

/** The processes that serve one session, each under a supervisor of its own, and the spare. */
export class Instances<U extends Unit> {
  readonly #supervisors: readonly Supervisor<U>[];
  readonly #spare: Spare<U> | undefined;

  constructor(options: InstancesOptions<U>) {
    const { clock, restart, standby, count, name } = options;
    const start = (signal: AbortSignal): Promise<U> => options.start(signal);
    this.#spare = standby ? new Spare({ start, restart, clock, onFailed: (error) => options.onSpareFailed(error) }) : undefined;
    this.#supervisors = Array.from({ length: count }, (_, instance) => {
      return new Supervisor<U>({
        name: count === 1 ? name : `${name}#${instance}`,
        start,
        restart,
        clock,
        takeSpare: () => this.#spare?.take(),
        onChange: (change) => options.onChange(change, instance),
        onUnit: () => options.onUnits(this.units),
        onEnd: (unit, reason) => options.onEnd(unit, reason),
      });
    });
  }

  get units(): readonly U[] {
    return this.#supervisors.flatMap(({ unit }) => (unit === undefined ? [] : [unit]));
  }

  get state(): SupervisedState {
    const states = new Set(this.#supervisors.map(({ state }) => state));
    return BEST_FIRST.find((state) => states.has(state)) as SupervisedState;
  }

  /** One of them is on its way, or is tried again in a while. */
  get isSettling(): boolean {
    return this.#supervisors.some(({ state }) => state === "starting" || state === "restarting");
  }

  get error(): PluginError | undefined {
    return this.#supervisors.map(({ error }) => error).find((error) => error !== undefined);
  }

  get restarts(): number {
    return this.#supervisors.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Resolves once at least one is active and none of them is on its way any more. @throws {PluginError} Why none is. */
  async activate(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#supervisors.map((supervisor) => supervisor.activate()));
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure !== undefined && outcomes.every(({ status }) => status === "rejected")) throw failure.reason;
    this.#spare?.keep();
  }

  /** Resolves when nothing of them runs. */
  async deactivate(): Promise<void> {
    await Promise.all([this.#spare?.drop(), ...this.#supervisors.map((supervisor) => supervisor.deactivate())]);
  }

  fail(unit: U, error: PluginError): void {
    for (const supervisor of this.#supervisors) supervisor.fail(unit, error);
  }

  /**
   * Starts as many new ones beside those that run, and has them take over, all or none of them; the old ones are drained.
   * @param check Whether a new one is fit to take over; it rejects otherwise.
   * @throws {PluginError} One of the new ones did not start, or is not fit; those that run go on.
   */
  async replace(start: () => Promise<U>, check: (unit: U) => Promise<void>, drainMs: number): Promise<void> {
    const attempts = await Promise.allSettled(this.#supervisors.map(() => startFit(start, check)));
    const units = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
    const failure = attempts.find((attempt) => attempt.status === "rejected");
    if (failure !== undefined) {
      await Promise.all(units.map((unit) => unit.stop()));
      throw failure.reason;
    }
    // A spare of before would bring back what has just been replaced.
    await this.#spare?.drop();
    await Promise.all(
      this.#supervisors.map((supervisor, index) => {
        const unit = units[index] as U;
        return supervisor.adopt(unit, drainMs) ? undefined : unit.stop();
      }),
    );
    if (this.state === "active") this.#spare?.keep();
  }

  /** The spare was started for what was asked before: another one is started in its place. */
  async renewSpare(): Promise<void> {
    await this.#spare?.drop();
    if (this.state === "active") this.#spare?.keep();
  }
}

async function startFit<U extends Unit>(start: () => Promise<U>, check: (unit: U) => Promise<void>): Promise<U> {
  const unit = await start();
  try {
    await check(unit);
    return unit;
  } catch (error) {
    await unit.stop();
    throw error;
  }
}
