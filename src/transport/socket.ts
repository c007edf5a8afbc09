import type { Socket } from "node:net";
import { PluginError } from "../errors.js";
import { systemClock } from "../util/clock.js";
import { clearTimeout, nextTick, now, setTimeout } from "../util/timers.js";
import { type Channel, type FrameSwitch, type Receiver, UNPROVEN_MESSAGE_BYTES } from "../wire/channel.js";
import { FramingReader } from "../wire/framing/framing-reader.js";
import { Outbox } from "../wire/framing/outbox.js";
import { type ChunkFeed, FULL_CHUNK_BYTES } from "./chunk-feed.js";
import { keepFreedMemory } from "./keep-memory.js";
import { Reading } from "./reading.js";
import { socketPipe } from "./socket-pipe.js";

// Of a socket that always has more, libuv reads 32 times before it looks at another. A turn is less than what a call
// costs; giving it up costs a part of that, and between parts of one long frame more often would gain nothing.
const TURN_MS = 0.02;
const LONG_TURN_MS = 0.5;

/** How long an ended connection may linger until the other side has ended it, too. */
export const LINGER_MS = 250;

/** What a channel over a socket may be told. */
export interface SocketChannelOptions {
  /** How long the other side may take nothing of our output. */
  readonly stallTimeoutMs: number;
  /** What the socket reads, if it was made with one; it is paused until then. @default its "data" events */
  readonly feed?: ChunkFeed | undefined;
  /** Called once the other side has proven itself. */
  onAllowed?(): void;
}

/**
 * Makes a channel of a connected TCP or unix socket. The channel owns the socket from then on.
 *
 * All that is sent in one tick leaves in one write; while the system takes no more, output waits here.
 */
export function socketChannel(socket: Socket, options: SocketChannelOptions): Channel {
  return new SocketChannel(socket, options);
}

class SocketChannel implements Channel {
  readonly frames: FrameSwitch;
  readonly #socket: Socket;
  readonly #reading: Reading;
  readonly #reader = new FramingReader(UNPROVEN_MESSAGE_BYTES, keepFreedMemory);
  readonly #outbox: Outbox;
  readonly #options: SocketChannelOptions;
  #readMs = 0;
  #ending = false;
  #ended = false;
  #error: PluginError | undefined;

  constructor(socket: Socket, options: SocketChannelOptions) {
    this.#socket = socket;
    this.#reading = new Reading(socket);
    this.#options = options;
    const pipe = {
      ...socketPipe(socket, () => this.#outbox.taken()),
      drained: () => this.#drained(),
      stalled: (ms: number) => this.#fail(`the other side has read nothing for ${ms} ms`),
      broke: (cause: Error) => this.#fail(`a message could not be written (${cause.message})`, cause),
    };
    this.#outbox = new Outbox(pipe, systemClock, options.stallTimeoutMs);
    this.frames = this.#reader.frameSwitch(this.#outbox);
    socket.setNoDelay(true);
    // A socket without an error listener ends the process at its first reset.
    socket.on("error", (cause) => this.#fail(`the connection broke (${codeOf(cause)})`, cause));
    socket.on("close", () => this.#close());
  }

  get received(): number {
    return this.#socket.bytesRead;
  }

  send(message: string, bytes?: readonly Uint8Array[]): number {
    return this.#ending ? 0 : this.#outbox.send(message, bytes);
  }

  copyBytes(): void {
    this.#outbox.copyBytes();
  }

  receive(receiver: Receiver): void {
    this.#reader.receiver = receiver;
    if (this.#ended) nextTick(() => receiver.closed(this.#error, this.#outbox.unwritten));
    const { feed } = this.#options;
    if (feed === undefined) this.#socket.on("data", (chunk: Buffer) => this.#take(chunk, chunk.length, FULL_CHUNK_BYTES));
    else {
      feed.take = (memory, length) => {
        this.#take(memory, length, feed.fullBytes);
        feed.isLong = this.#isLong;
      };
    }
    this.#socket.on("end", () => {
      if (this.#reader.partial) this.#fail("the connection ended in the middle of a message");
    });
    if (feed !== undefined) this.#socket.resume();
  }

  pause(): void {
    this.#reading.pause();
  }

  resume(): void {
    this.#reading.resume();
  }

  hold(holds: boolean): void {
    if (holds) this.#socket.ref();
    else this.#socket.unref();
  }

  allow(maxMessageBytes: number): void {
    this.#reader.allow(maxMessageBytes);
    this.#options.onAllowed?.();
  }

  close(): void {
    if (this.#ending) return;
    this.#end();
    // The socket is ended once all is written.
    this.#outbox.flush();
  }

  #drained(): void {
    this.#reader.receiver?.drained?.();
    if (this.#ending && !this.#socket.writableEnded) this.#endSocket();
  }

  /** What comes next is surely a part of a long frame. */
  get #isLong(): boolean {
    return this.#reader.missing > FULL_CHUNK_BYTES;
  }

  #take(memory: Buffer, length: number, fullBytes: number): void {
    this.#outbox.hold();
    try {
      if (length < fullBytes) this.#reader.push(memory, length);
      else this.#readInTurn(memory, length);
    } finally {
      this.#outbox.release();
    }
  }

  /** A chunk as long as a read can be: more is likely there, and the other connections are read first. */
  #readInTurn(memory: Buffer, length: number): void {
    const begun = now();
    this.#reader.push(memory, length);
    const ms = now() - begun;
    this.#options.feed?.took(ms, TURN_MS);
    this.#readMs += ms;
    if (this.#readMs < (this.#isLong ? LONG_TURN_MS : TURN_MS) || this.#ending) return;
    this.#readMs = 0;
    this.#reading.letOthersRead();
  }

  #end(): void {
    this.#ending = true;
    this.#reader.stop();
  }

  #endSocket(): void {
    this.#socket.end();
    // Closing with unread input makes the system drop what was written last. So the rest is read, unheard, for a moment.
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  #fail(problem: string, cause?: Error): void {
    this.#error ??= new PluginError("CONNECTION_LOST", problem, cause && { cause });
    this.#socket.destroy();
  }

  #close(): void {
    this.#ended = true;
    this.#end();
    this.#outbox.stop();
    this.#reader.receiver?.closed(this.#error, this.#outbox.unwritten);
  }
}

function codeOf(cause: NodeJS.ErrnoException): string {
  return cause.code ?? cause.message;
}
