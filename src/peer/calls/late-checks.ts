import type { PluginError } from "../../errors.js";
import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import type { ProgramHold } from "../program-hold.js";

/** What bounds a check. */
export interface CheckBounds {
  /** Of what it is a check, for sentences. */
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  /** On the clock; Infinity for a check that may take for ever. */
  readonly deadline: number;
  /** What it ends with at its deadline. */
  late(): PluginError;
  /** It goes on where the connection is over: all that it is about has arrived. */
  readonly outlasts: boolean;
}

/**
 * Checks of what has arrived, by schemas that take their time. A call that is checked has its answer already, and a stream may have
 * ended: so it is here that a deadline, a signal and the end of the connection reach them.
 */
export class LateChecks {
  readonly #clock: Clock;
  readonly #hold: ProgramHold | undefined;
  /** What ends each, and the name of one that the end of the connection ends. */
  readonly #ongoing = new Map<(error: unknown) => void, string | undefined>();

  constructor({ clock, hold }: { readonly clock: Clock; readonly hold?: ProgramHold | undefined }) {
    this.#clock = clock;
    this.#hold = hold;
  }

  /** Settles as the check does, or as its bounds have it. */
  run(check: PromiseLike<unknown>, { name, signal, deadline, late, outlasts }: CheckBounds): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const lose = (error: unknown): void => settle(() => reject(error));
      const onAbort = (): void => lose(signal?.reason);
      const stop = this.#at(deadline, () => lose(late()));
      const settle = (how: () => void): void => {
        stop();
        if (signal !== undefined) removeAbortTask(signal, onAbort);
        if (this.#ongoing.delete(lose)) this.#hold?.release();
        how();
      };
      this.#hold?.take();
      this.#ongoing.set(lose, outlasts ? undefined : name);
      if (signal?.aborted) return onAbort();
      if (signal !== undefined) addAbortTask(signal, onAbort);
      check.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  /** The connection is over. @param errorOf What a check of that name ends with. */
  lose(errorOf: (name: string) => PluginError): void {
    for (const [lose, name] of [...this.#ongoing]) if (name !== undefined) lose(errorOf(name));
  }

  #at(deadline: number, task: () => void): () => void {
    if (deadline === Number.POSITIVE_INFINITY) return () => {};
    return this.#clock.after(Math.max(0, deadline - this.#clock.now()), task);
  }
}
