import type { Clock } from "../../util/clock.js";

/** So many failures of one id in so long, and it is looked at no more until the first of them is as old. */
const MOST = 10;
const WITHIN_MS = 60_000;
// Ids come from strangers: no more of them are remembered. The one that failed longest ago is forgotten first.
const MOST_IDS = 4_096;

/** Counts who could not show its token, by the id that it named. */
export class Failures {
  readonly #clock: Pick<Clock, "now">;
  readonly #times = new Map<string, number[]>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  add(id: string): void {
    const times = this.#recent(id);
    times.push(this.#clock.now());
    // Set anew: a Map keeps the order in which its keys were set.
    this.#times.delete(id);
    this.#times.set(id, times);
    if (this.#times.size <= MOST_IDS) return;
    for (const oldest of this.#times.keys()) return void this.#times.delete(oldest);
  }

  /** In how many milliseconds that id may try again; 0: now. */
  waitMs(id: string): number {
    const times = this.#recent(id);
    const first = times[times.length - MOST];
    return first === undefined ? 0 : first + WITHIN_MS - this.#clock.now();
  }

  #recent(id: string): number[] {
    const since = this.#clock.now() - WITHIN_MS;
    return (this.#times.get(id) ?? []).filter((at) => at > since);
  }
}
