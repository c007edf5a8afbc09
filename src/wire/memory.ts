import { PluginError } from "../errors.js";
import type { Clock } from "../util/clock.js";
import { type Channel, type FrameSwitch, type Receiver, UNPROVEN_MESSAGE_BYTES } from "./channel.js";
import { FramingReader } from "./framing/framing-reader.js";
import { Outbox } from "./framing/outbox.js";

/** What two linked channels are told. */
export interface MemoryChannelOptions {
  readonly clock: Pick<Clock, "after" | "soon" | "endOfTick">;
  /** How long a side may read nothing of what the other sends. */
  readonly stallTimeoutMs: number;
}

/** Bytes that a side holds unread before the other one waits, as a socket's buffer does. */
const ROOM_BYTES = 1024 * 1024;

/**
 * Makes two linked channels in one process. What one sends, the other receives a little later and in order, as the same bytes that
 * would cross a socket: lines, and frames once both have turned to them.
 */
export function memoryChannels(options: MemoryChannelOptions): readonly [Channel, Channel] {
  const left = new MemoryChannel(options);
  const right = new MemoryChannel(options);
  left.link(right);
  right.link(left);
  return [left, right];
}

class MemoryChannel implements Channel {
  readonly frames: FrameSwitch;
  received = 0;
  readonly #clock: MemoryChannelOptions["clock"];
  readonly #reader = new FramingReader(UNPROVEN_MESSAGE_BYTES);
  readonly #outbox: Outbox;
  #other!: MemoryChannel;
  #inbox: Buffer[] = [];
  #inboxBytes = 0;
  #paused = false;
  #scheduled = false;
  /** This side was told to close, or broke: it hears nothing more. */
  #ending = false;
  /** All that this side will ever send was handed over. */
  #left = false;
  #ended = false;
  #error: PluginError | undefined;

  constructor({ clock, stallTimeoutMs }: MemoryChannelOptions) {
    this.#clock = clock;
    const pipe = {
      isOpen: () => !this.#left && !this.#other.#ending,
      write: (data: string | readonly Buffer[], _isLastPart: boolean, encoding: "utf8" | "latin1") =>
        this.#other.#take(typeof data === "string" ? Buffer.from(data, encoding) : Buffer.concat(data)),
      drained: () => this.#drained(),
      stalled: (ms: number) => this.#fail(`the other side has read nothing for ${ms} ms`),
      broke: (cause: Error) => this.#fail(`a message could not be written (${cause.message})`),
    };
    this.#outbox = new Outbox(pipe, clock, stallTimeoutMs);
    this.frames = this.#reader.frameSwitch(this.#outbox);
  }

  link(other: MemoryChannel): void {
    this.#other = other;
  }

  send(message: string, bytes?: readonly Uint8Array[]): number {
    return this.#ending ? 0 : this.#outbox.send(message, bytes);
  }

  copyBytes(): void {
    this.#outbox.copyBytes();
  }

  receive(receiver: Receiver): void {
    this.#reader.receiver = receiver;
    if (this.#ended) this.#clock.endOfTick(() => this.#tell(receiver));
    else this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  allow(maxMessageBytes: number): void {
    this.#reader.allow(maxMessageBytes);
  }

  close(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#reader.stop();
    this.#schedule();
    this.#outbox.flush();
  }

  /** True if there is room for more. A side that is ending takes everything, and reads nothing of it. */
  #take(chunk: Buffer): boolean {
    this.#inbox.push(chunk);
    this.#inboxBytes += chunk.length;
    this.#schedule();
    return this.#inboxBytes <= ROOM_BYTES;
  }

  #drained(): void {
    this.#reader.receiver?.drained?.();
    if (this.#ending) this.#leave();
  }

  #fail(problem: string): void {
    this.#error ??= new PluginError("CONNECTION_LOST", problem);
    this.#ending = true;
    this.#reader.stop();
    this.#leave();
  }

  #leave(): void {
    this.#left = true;
    this.#schedule();
    this.#other.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A macrotask, so that two sides answering each other do not starve the timers.
    this.#clock.soon(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    if (this.#reader.receiver === undefined || this.#ended) return;
    // What is left of a side that is gone is read at once: it waits for nothing, and its end comes after it.
    while (this.#inbox.length > 0 && (!this.#paused || this.#ending || this.#other.#left)) {
      const chunk = this.#inbox.shift() as Buffer;
      this.#inboxBytes -= chunk.length;
      this.received += chunk.length;
      this.#reader.push(chunk);
    }
    if (this.#inbox.length === 0) this.#other.#outbox.taken();
    // Where both sides end at the same time neither reads what the other still has to send.
    if (this.#left || (this.#other.#left && this.#inbox.length === 0) || (this.#ending && this.#other.#ending)) this.#end();
  }

  #end(): void {
    if (!this.#ending && this.#reader.partial) {
      this.#error ??= new PluginError("CONNECTION_LOST", "the connection ended in the middle of a message");
    }
    this.#ending = true;
    this.#ended = true;
    this.#left = true;
    this.#outbox.stop();
    this.#other.#schedule();
    this.#tell(this.#reader.receiver as Receiver);
  }

  #tell(receiver: Receiver): void {
    receiver.closed(this.#error, this.#outbox.unwritten);
  }
}
