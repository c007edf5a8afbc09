import type { BusEvent } from "./bus-event.js";

// What one subscriber may have waiting: beyond it the oldest goes.
const MAX_EVENTS = 1_024;
const MAX_BYTES = 1024 * 1024;

/** Events that wait for a subscriber which does not take them: bounded, and the oldest goes first. */
export class EventQueue {
  readonly #onDrop: (event: BusEvent) => void;
  #events: BusEvent[] = [];
  /** The first that is still there: shifting an array of a thousand for each event would cost more than the event. */
  #head = 0;
  #bytes = 0;

  constructor(onDrop: (event: BusEvent) => void) {
    this.#onDrop = onDrop;
  }

  get size(): number {
    return this.#events.length - this.#head;
  }

  push(event: BusEvent): void {
    this.#events.push(event);
    this.#bytes += event.length;
    // One that is larger than the whole queue goes as well: it would never be the oldest by itself.
    while (this.size > 0 && (this.size > MAX_EVENTS || this.#bytes > MAX_BYTES)) this.#onDrop(this.shift() as BusEvent);
  }

  shift(): BusEvent | undefined {
    const event = this.#events[this.#head];
    if (event === undefined) return undefined;
    this.#head++;
    this.#bytes -= event.length;
    if (this.#head * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return event;
  }

  /** Drops all that waits. */
  clear(): void {
    for (let event = this.shift(); event !== undefined; event = this.shift()) this.#onDrop(event);
  }
}
