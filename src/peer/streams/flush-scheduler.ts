import type { Clock } from "../../util/clock.js";

/** What waits until the end of a tick. */
interface Flushing {
  flush(): void;
}
interface TurnsWire {
  unsentBytes(): number;
  whenHanded(task: () => void): void;
}

// Producers rest above this, until the system has taken what was sent.
const MAX_UNSENT_BYTES = 1024 * 1024;
// Items of all streams together that may be produced without letting anybody else run: a few milliseconds' worth. A source that
// never waits would otherwise keep timers and sockets from their turn for as long as its reader gives credit.
const MAX_PER_TURN = 4_096;

/** Whose turn it is on a connection with many producers: they flush together at the end of a tick, and rest together. */
export class FlushScheduler {
  readonly #wire: TurnsWire;
  readonly #clock: Clock;
  #flushing: Flushing[] = [];
  #resting: (() => void)[] = [];
  #scheduled = false;
  #batchedLength = 0;
  #items = 0;

  constructor(wire: TurnsWire, clock: Clock) {
    this.#wire = wire;
    this.#clock = clock;
  }

  /** Flushes at the end of this tick. */
  flushLater(writer: Flushing): void {
    this.#flushing.push(writer);
    this.#schedule();
  }

  /** So much waits for the end of this tick. */
  batched(length: number): void {
    this.#batchedLength += length;
  }

  /** Called for each item: a promise while its producer should rest. */
  rest(): Promise<void> | undefined {
    if (++this.#items <= MAX_PER_TURN && this.#wire.unsentBytes() + this.#batchedLength <= MAX_UNSENT_BYTES) return undefined;
    this.#schedule();
    return new Promise((resolve) => this.#resting.push(resolve));
  }

  /** Nobody rests any more. */
  wakeAll(): void {
    for (const wake of this.#resting.splice(0)) wake();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.endOfTick(() => this.#endTick());
  }

  #endTick(): void {
    this.#scheduled = false;
    for (const writer of this.#flushing.splice(0)) writer.flush();
    this.#batchedLength = 0;
    this.#items = 0;
    if (this.#resting.length === 0) return;
    const resting = this.#resting.splice(0);
    const wake = (): void => {
      for (const go of resting) go();
    };
    // Not when nothing at all is unsent: a connection that is always busy would never say so.
    if (this.#wire.unsentBytes() > MAX_UNSENT_BYTES) this.#wire.whenHanded(wake);
    else this.#clock.soon(wake);
  }
}
