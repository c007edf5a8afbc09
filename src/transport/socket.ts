import type { Socket } from "node:net";
import { PluginError } from "../errors.js";
import { RAW_FACTOR } from "../wire/attachments.js";
import { type Channel, type FrameSwitch, type Receiver, UNPROVEN_MESSAGE_BYTES } from "../wire/channel.js";
import { FrameError, FrameReader } from "../wire/frames.js";
import { LineError, LineReader } from "../wire/lines.js";
import { type ChunkFeed, FULL_CHUNK_BYTES } from "./chunk-feed.js";
import { Outbox } from "./outbox.js";
import { Reading } from "./reading.js";

const NEWLINE = 10;
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
  /** Called when the other side is no stranger any more. */
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
  readonly #socket: Socket;
  readonly #reading: Reading;
  readonly #reader = new LineReader(UNPROVEN_MESSAGE_BYTES);
  readonly #outbox: Outbox;
  readonly #options: SocketChannelOptions;
  #frameReader: FrameReader | undefined;
  #oneByOne = false;
  readonly frames: FrameSwitch = {
    expect: () => {
      this.#oneByOne = true;
    },
    receive: () => {
      this.#frameReader = new FrameReader(this.#reader.maxBytes, this.#reader.maxBytes * RAW_FACTOR);
    },
    receiveLines: () => {
      this.#oneByOne = false;
    },
    send: () => this.#outbox.sendFrames(),
  };
  #receiver: Receiver | undefined;
  #readMs = 0;
  #ending = false;
  #ended = false;
  #error: PluginError | undefined;

  constructor(socket: Socket, options: SocketChannelOptions) {
    this.#socket = socket;
    this.#reading = new Reading(socket);
    this.#options = options;
    const onWritten = (error?: Error | null): void => {
      if (!error && socket.writableLength === 0) this.#outbox.taken();
    };
    this.#outbox = new Outbox(
      {
        isOpen: () => !socket.destroyed,
        write(data) {
          if (typeof data === "string") socket.write(data, "utf8", onWritten);
          else if (data.length === 1) socket.write(data[0] as Buffer, onWritten);
          else {
            socket.cork();
            for (const piece of data) socket.write(piece, onWritten);
            socket.uncork();
          }
          return socket.writableLength === 0;
        },
        drained: () => this.#drained(),
        stalled: (ms) => this.#fail(`the other side has read nothing for ${ms} ms`),
      },
      options.stallTimeoutMs,
    );
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
    this.#receiver = receiver;
    if (this.#ended) queueMicrotask(() => receiver.closed(this.#error, this.#outbox.unwritten));
    const { feed } = this.#options;
    const take = (chunk: Buffer): void =>
      chunk.length < (feed?.fullBytes ?? FULL_CHUNK_BYTES) ? this.#read(chunk) : this.#readInTurn(chunk);
    if (feed === undefined) this.#socket.on("data", take);
    else {
      feed.take = take;
      feed.isLong = () => this.#isLong;
    }
    this.#socket.on("end", () => {
      if (this.#reader.partial || this.#frameReader?.partial === true) this.#fail("the connection ended in the middle of a message");
    });
    if (feed !== undefined) this.#socket.resume();
  }

  pause(): void {
    this.#reading.pause();
  }

  resume(): void {
    this.#reading.resume();
  }

  allow(maxMessageBytes: number): void {
    this.#reader.maxBytes = maxMessageBytes;
    this.#options.onAllowed?.();
  }

  close(): void {
    if (this.#ending) return;
    this.#ending = true;
    // Ends once that is done.
    this.#outbox.flush();
  }

  #drained(): void {
    this.#receiver?.drained?.();
    if (this.#ending && !this.#socket.writableEnded) this.#end();
  }

  /** What comes next is surely a part of a long frame. */
  get #isLong(): boolean {
    return this.#frameReader !== undefined && this.#frameReader.missing > FULL_CHUNK_BYTES;
  }

  /** After a chunk that was all that a read can give, more is likely there: others have their turn first. */
  #readInTurn(chunk: Buffer): void {
    const begun = performance.now();
    this.#read(chunk);
    const ms = performance.now() - begun;
    this.#options.feed?.took(ms, TURN_MS);
    this.#readMs += ms;
    if (this.#readMs < (this.#isLong ? LONG_TURN_MS : TURN_MS) || this.#ending) return;
    this.#readMs = 0;
    this.#reading.letOthersRead();
  }

  #read(chunk: Buffer): void {
    if (this.#ending) return;
    if (this.#frameReader !== undefined) return this.#readFrames(this.#frameReader, chunk);
    if (this.#oneByOne) return this.#readOneByOne(chunk);
    this.#readLines(chunk);
  }

  #readLines(chunk: Buffer): void {
    let text: string | undefined;
    try {
      text = this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      return this.#refuse(error);
    }
    if (text !== undefined) this.#receiver?.lines(text);
  }

  // After each line it may turn out that frames follow.
  #readOneByOne(chunk: Buffer): void {
    let rest = chunk;
    while (this.#oneByOne && this.#frameReader === undefined && !this.#ending) {
      const end = rest.indexOf(NEWLINE) + 1;
      if (end === 0 || end === rest.length) return this.#readLines(rest);
      this.#readLines(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    this.#read(rest);
  }

  #readFrames(reader: FrameReader, chunk: Buffer): void {
    try {
      const lines = reader.only(chunk);
      if (lines !== undefined) return this.#receiver?.lines(lines);
      for (const frame of reader.push(chunk)) {
        if (this.#ending) return;
        if ("text" in frame) this.#receiver?.lines(frame.text);
        else this.#receiver?.frame?.(frame.message, frame.bytes);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#refuse(error);
    }
  }

  #refuse({ before, message }: LineError): void {
    if (before !== undefined) this.#receiver?.lines(before);
    this.#receiver?.violated?.(message);
  }

  #end(): void {
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
    this.#ending = true;
    this.#outbox.stop();
    this.#receiver?.closed(this.#error, this.#outbox.unwritten);
  }
}

function codeOf(cause: NodeJS.ErrnoException): string {
  return cause.code ?? cause.message;
}
