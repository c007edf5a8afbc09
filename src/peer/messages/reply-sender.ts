import type { Channel } from "../../wire/channel.js";
import type { Sender } from "./sender.js";

/**
 * Sends what this side owes the other: answers, items of streams, and the protocol's own messages.
 *
 * Above a limit of unsent bytes calls are refused; but refusals are answers too. So while the other side reads none of them, nothing
 * more is read of what it sends.
 */
export class ReplySender {
  readonly #channel: Pick<Channel, "pause" | "resume">;
  readonly #sender: Sender;
  readonly #maxUnsentBytes: number;
  #isPaused = false;
  #isOver = false;

  constructor(channel: Pick<Channel, "pause" | "resume">, sender: Sender, maxUnsentBytes: number) {
    this.#channel = channel;
    this.#sender = sender;
    this.#maxUnsentBytes = maxUnsentBytes;
  }

  /** True while nothing is read, because the other side does not read. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  send(text: string, bytes?: readonly Uint8Array[]): void {
    if (this.#isOver) return;
    this.#sender.send(text, bytes);
    if (this.#sender.unsent > this.#maxUnsentBytes && !this.#isPaused) {
      this.#isPaused = true;
      this.#channel.pause();
    }
  }

  /** All that was sent is with the system. */
  drained(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#channel.resume();
  }

  /** The conversation is over: nothing more is sent. */
  end(): void {
    this.#isOver = true;
  }
}
