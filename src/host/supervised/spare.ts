import type { PluginError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import { type ResolvedRestartPolicy, RestartCounter } from "./restart-policy.js";
import type { StartUnit, Unit } from "./unit.js";

export interface SpareOptions<U extends Unit> {
  readonly start: StartUnit<U>;
  readonly restart: ResolvedRestartPolicy | false;
  readonly clock: Pick<Clock, "now" | "after">;
  onFailed(error: PluginError): void;
}

/** One unit that is started and idle, for the moment in which another one dies. Whenever it is taken, or dies itself, the next is started. */
export class Spare<U extends Unit> {
  readonly #options: SpareOptions<U>;
  readonly #counter: RestartCounter;
  #wanted = false;
  #unit: U | undefined;
  #since = 0;
  #starting: { readonly abort: AbortController; settled: Promise<unknown> } | undefined;
  #cancelTimer: () => void = () => {};

  constructor(options: SpareOptions<U>) {
    this.#options = options;
    this.#counter = new RestartCounter(options.restart);
  }

  /** Keeps one from now on. */
  keep(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#counter.reset();
    this.#begin();
  }

  /** The spare, if there is one now. The next is started. */
  take(): U | undefined {
    const unit = this.#unit;
    if (unit === undefined) return undefined;
    this.#unit = undefined;
    this.#begin();
    return unit;
  }

  /** Keeps none any more. Resolves when nothing of it is left. */
  async drop(): Promise<void> {
    this.#wanted = false;
    this.#cancelTimer();
    const [unit, starting] = [this.#unit, this.#starting];
    this.#unit = undefined;
    this.#starting = undefined;
    starting?.abort.abort(new Error("The spare is not wanted any more"));
    await Promise.all([unit?.stop(), starting?.settled]);
  }

  #begin(): void {
    if (!this.#wanted || this.#unit !== undefined || this.#starting !== undefined) return;
    const attempt = { abort: new AbortController(), settled: Promise.resolve() as Promise<unknown> };
    this.#starting = attempt;
    attempt.settled = this.#options.start(attempt.abort.signal).then(
      (unit) => (this.#starting === attempt ? this.#started(unit) : unit.stop()),
      (error: PluginError) => (this.#starting === attempt ? this.#failed(error) : undefined),
    );
  }

  #started(unit: U): void {
    this.#starting = undefined;
    this.#counter.started();
    this.#unit = unit;
    this.#since = this.#options.clock.now();
    void unit.closed.then((reason) => {
      if (this.#unit !== unit) return;
      this.#unit = undefined;
      this.#again(this.#counter.ended(reason, this.#options.clock.now() - this.#since));
    });
  }

  #failed(error: PluginError): void {
    this.#starting = undefined;
    this.#options.onFailed(error);
    this.#again(this.#counter.failed(error));
  }

  #again(verdict: ReturnType<RestartCounter["ended"]>): void {
    // One that cannot be started is no reason to end the session that runs: it goes on without.
    if (verdict.kind === "restart") this.#cancelTimer = this.#options.clock.after(verdict.delayMs, () => this.#begin());
  }
}
