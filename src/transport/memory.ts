import { setImmediate } from "../util/timers.js";
import type { Channel, Receiver } from "../wire/channel.js";

/** Two linked channels in one process: what one sends, the other receives, a little later and in order. */
export function memoryChannels(): readonly [Channel, Channel] {
  const left = new MemoryChannel();
  const right = new MemoryChannel();
  left.link(right);
  right.link(left);
  return [left, right];
}

class MemoryChannel implements Channel {
  #other!: MemoryChannel;
  #receiver: Receiver | undefined;
  #inbox: string[] = [];
  #paused = false;
  #scheduled = false;
  #ending = false;
  #ended = false;
  #closed = false;
  #unwritten = 0;

  link(other: MemoryChannel): void {
    this.#other = other;
  }

  send(message: string): number {
    if (this.#closed) return 0;
    if (!this.#ending) {
      this.#other.#take(message);
      return 0;
    }
    // The other side has ended, and its end is not told here yet.
    this.#unwritten++;
    return message.length + 1;
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    if (this.#ending) return;
    this.#ending = true;
    this.#inbox = [];
    this.#schedule();
    this.#other.#endSoon();
  }

  #take(message: string): void {
    if (this.#ending) return;
    this.#inbox.push(message);
    this.#schedule();
  }

  #endSoon(): void {
    this.#ending = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A macrotask, so that two sides answering each other do not starve the timers.
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    if (this.#receiver === undefined || this.#ended) return;
    if (this.#inbox.length > 0) {
      if (this.#paused) return;
      const text = this.#inbox.join("\n");
      this.#inbox = [];
      this.#receiver.lines(text);
    }
    if (!this.#ending) return;
    this.#ended = true;
    this.#receiver.closed(undefined, this.#unwritten);
  }
}
