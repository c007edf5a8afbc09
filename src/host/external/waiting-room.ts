import type { Clock } from "../../util/clock.js";

/** Something that has connected and not registered yet. */
export interface Waiting {
  /** Makes room for others. */
  turnAway(): void;
}

/** How many may be in it, each of them a connection that has cost a WebSocket already. */
export const MOST_WAITING = 128;
// A plugin registers within milliseconds. What has taken longer, and there are many, has had its turn.
const TURN_MS = 1_000;

/** Those that have connected and not registered. When it is full who has had a turn makes room, and otherwise nobody is let in. */
export class WaitingRoom {
  readonly #clock: Pick<Clock, "now">;
  readonly #most: number;
  /** Since when each waits, oldest first. */
  readonly #since = new Map<Waiting, number>();

  constructor(clock: Pick<Clock, "now">, most: number = MOST_WAITING) {
    this.#clock = clock;
    this.#most = most;
  }

  get size(): number {
    return this.#since.size;
  }

  /** Is there room for one more? Makes some, where that may be. */
  hasRoom(): boolean {
    if (this.#since.size < this.#most) return true;
    for (const [oldest, since] of this.#since) {
      if (this.#clock.now() - since < TURN_MS) return false;
      this.#since.delete(oldest);
      oldest.turnAway();
      return true;
    }
    return false;
  }

  enter(waiting: Waiting): void {
    this.#since.set(waiting, this.#clock.now());
  }

  leave(waiting: Waiting): void {
    this.#since.delete(waiting);
  }
}
