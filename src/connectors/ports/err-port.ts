import type { PluginError } from "../../errors.js";
import type { ErrorEvent } from "../event.js";
import { Fifo } from "./fifo.js";
import { Inbox } from "./inbox.js";

// As many as may be in doubt at once where a connection breaks; those are told in one go, before anybody can read them.
const MOST_EVENTS = 16_384;
const MOST_BYTES = 8 * 1_048_576;

/** Failures that wait to be read. They hold nothing up: the oldest is dropped, and counted. */
export class ErrPort {
  readonly events: Inbox<ErrorEvent<PluginError>> = new Inbox<ErrorEvent<PluginError>>(() => this.#taken());
  /** Of the events that wait. */
  readonly #sizes: Fifo<number> = new Fifo<number>();
  #bytes = 0;
  count = 0;
  dropped = 0;

  /** @param bytes Of what it was. */
  push(event: ErrorEvent<PluginError>, bytes: number): void {
    this.count++;
    if (this.events.push(event)) return;
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    while (this.events.size > MOST_EVENTS || (this.#bytes > MOST_BYTES && this.events.size > 1)) {
      this.events.drop();
      this.#taken();
      this.dropped++;
    }
  }

  #taken(): void {
    this.#bytes -= this.#sizes.shift() as number;
  }
}
