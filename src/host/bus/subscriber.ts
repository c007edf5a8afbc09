import type { Peer } from "../../peer/peer.js";
import { EVENT } from "../../wire/messages.js";
import type { BusEvent } from "./bus-event.js";
import { EventQueue } from "./event-queue.js";

// What may be on its way to one process beyond what the system has taken: more would wait there, where nothing can be dropped any more.
const MAX_UNSENT_BYTES = 64 * 1024;

/** What of the events for one subscriber has become of them. */
export interface EventCounts {
  /** Handed to its connection. */
  delivered: number;
  dropped: number;
}

/** The events on their way to one process, in the order in which they were emitted. */
export class Subscriber {
  readonly #peer: Pick<Peer, "publish" | "notify" | "whenHanded" | "open">;
  readonly #counts: EventCounts;
  readonly #onDrop: (event: BusEvent) => void;
  readonly #queue: EventQueue;
  #waiting = false;

  constructor(peer: Pick<Peer, "publish" | "notify" | "whenHanded" | "open">, counts: EventCounts, onDrop: (event: BusEvent) => void) {
    this.#peer = peer;
    this.#counts = counts;
    this.#onDrop = onDrop;
    this.#queue = new EventQueue((event) => this.#drop(event));
  }

  /** False if events wait for it. */
  deliver(event: BusEvent): boolean {
    // Its process has ended, and that is not yet known to those who start the next.
    if (!this.#peer.open) this.#drop(event);
    else if (this.#waiting) this.#queue.push(event);
    else this.#send(event);
    return !this.#waiting;
  }

  get isWaiting(): boolean {
    return this.#waiting;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** The process is gone: what waits for it goes with it. */
  end(): void {
    this.#queue.clear();
  }

  #drop(event: BusEvent): void {
    this.#counts.dropped++;
    this.#onDrop(event);
  }

  #send(event: BusEvent): void {
    this.#counts.delivered++;
    const unsent = event.isSpecial ? this.#sendSpecial(event) : this.#peer.publish(event.text);
    if (unsent <= MAX_UNSENT_BYTES) return;
    this.#waiting = true;
    this.#peer.whenHanded(() => this.#resume());
  }

  #sendSpecial(event: BusEvent): number {
    // It fails where the connection is gone, which ends this subscriber as well.
    this.#peer.notify(EVENT, event.message).catch(() => {});
    return 0;
  }

  #resume(): void {
    this.#waiting = false;
    if (!this.#peer.open) return this.end();
    while (!this.#waiting) {
      const event = this.#queue.shift();
      if (event === undefined) return;
      this.#send(event);
    }
  }
}
