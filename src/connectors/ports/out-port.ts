import type { StreamEvent } from "../event.js";
import { Fifo } from "./fifo.js";
import { Inbox } from "./inbox.js";

// More than one read of a socket brings of short lines: else each would stop it.
const MOST_EVENTS = 8_192;
const MOST_BYTES = 1_048_576;

/** Events that came and wait to be read; says when there is too much of it, and when there is room again. */
export class OutPort {
  readonly events: Inbox<StreamEvent>;
  readonly #onRoom: () => void;
  /** Of the events that wait. */
  readonly #sizes: Fifo<number> = new Fifo<number>();
  #bytes = 0;
  #full = false;

  constructor(onRoom: () => void) {
    this.#onRoom = onRoom;
    this.events = new Inbox<StreamEvent>(() => this.#taken());
  }

  /** Nothing more is to be read from the sockets until `onRoom`. */
  get full(): boolean {
    return this.#full;
  }

  /** @param bytes That the event had on the wire. */
  push(event: StreamEvent, bytes: number): void {
    if (this.events.push(event)) return;
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    if (this.#bytes >= MOST_BYTES || this.events.size >= MOST_EVENTS) this.#full = true;
  }

  #taken(): void {
    this.#bytes -= this.#sizes.shift() as number;
    // Half of it, so that not each event stops and starts the sockets.
    if (!this.#full || this.#bytes > MOST_BYTES / 2 || this.events.size > MOST_EVENTS / 2) return;
    this.#full = false;
    this.#onRoom();
  }
}
