import type { Clock } from "../../src/util/clock.js";

interface Timer {
  readonly at: number;
  readonly task: () => void;
  /** It keeps the program alive. */
  readonly holds: boolean;
}

/** Time that stands still until the test moves it. */
export class FakeClock implements Clock {
  #now = 1_000;
  #timers: Timer[] = [];
  #soon: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): () => void {
    return this.#set(ms, task, false);
  }

  afterHolding(ms: number, task: () => void): () => void {
    return this.#set(ms, task, true);
  }

  soon(task: () => void): void {
    this.#soon.push(task);
  }

  /** No time passes until then. */
  endOfTick(task: () => void): void {
    process.nextTick(task);
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Those among them that keep the program alive. */
  get holding(): number {
    return this.#timers.filter(({ holds }) => holds).length;
  }

  /** Moves time on, running what is due in order. What is to run "soon" waits for runSoon(), as if input were still being read. */
  stall(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.task();
    }
    this.#now = end;
  }

  /** Moves time on, and only then runs what was due meanwhile: the process stood still. What is to run "soon" waits, as above. */
  freeze(ms: number): void {
    this.#now += ms;
    this.stall(0);
  }

  runSoon(): void {
    for (const task of this.#soon.splice(0)) task();
  }

  /** Moves time on in an idle process: nothing waits to be read. */
  advance(ms: number): void {
    this.stall(ms);
    this.runSoon();
  }

  #set(ms: number, task: () => void, holds: boolean): () => void {
    const timer = { at: this.#now + Math.max(0, ms), task, holds };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
}
