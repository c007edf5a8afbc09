import type { Clock } from "../../util/clock.js";
import type { Connection } from "./connection.js";

const CONFIRM_MS = 100;

/** Asks connections, in rounds, for what they have got: one timer for all of them, which stands while nothing is unconfirmed. */
export class ConfirmRounds {
  readonly #clock: Clock;
  #due = new Set<Connection>();
  #stop: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(connection: Connection): void {
    this.#due.add(connection);
    this.#stop ??= this.#clock.after(CONFIRM_MS, () => this.#ask());
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#due.clear();
  }

  #ask(): void {
    this.#stop = undefined;
    const due = this.#due;
    this.#due = new Set();
    for (const connection of due) connection.confirm();
  }
}

/** Runs a task again and again, once the input that waits has been read: a program that was held up must not judge others by that. */
export function repeat(clock: Clock, intervalMs: number, task: () => void): () => void {
  let stopped = false;
  let stop = (): void => {};
  const next = (): void => {
    stop = clock.after(intervalMs, () =>
      clock.soon(() => {
        if (stopped) return;
        task();
        next();
      }),
    );
  };
  next();
  return () => {
    stopped = true;
    stop();
  };
}
