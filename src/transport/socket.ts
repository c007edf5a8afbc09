import type { Socket } from "node:net";
import { PluginError } from "../errors.js";
import { type Channel, type Receiver, UNPROVEN_MESSAGE_BYTES } from "../wire/channel.js";
import { LineError, LineReader } from "../wire/lines.js";
import { Outbox } from "./outbox.js";

/** How long an ended connection may linger until the other side has ended it, too. */
export const LINGER_MS = 250;

/** What a channel over a socket may be told. */
export interface SocketChannelOptions {
  /** How long the other side may take nothing of our output. */
  readonly stallTimeoutMs: number;
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
  readonly #reader = new LineReader(UNPROVEN_MESSAGE_BYTES);
  readonly #outbox: Outbox;
  #receiver: Receiver | undefined;
  #ending = false;
  #ended = false;
  #error: PluginError | undefined;

  constructor(socket: Socket, { stallTimeoutMs }: SocketChannelOptions) {
    this.#socket = socket;
    const onWritten = (error?: Error | null): void => {
      if (!error && socket.writableLength === 0) this.#outbox.taken();
    };
    this.#outbox = new Outbox(
      {
        isOpen: () => !socket.destroyed,
        write(data) {
          socket.write(data, "utf8", onWritten);
          return socket.writableLength === 0;
        },
        drained: () => this.#drained(),
        stalled: (ms) => this.#fail(`the other side has read nothing for ${ms} ms`),
      },
      stallTimeoutMs,
    );
    socket.setNoDelay(true);
    // A socket without an error listener ends the process at its first reset.
    socket.on("error", (cause) => this.#fail(`the connection broke (${codeOf(cause)})`, cause));
    socket.on("close", () => this.#close());
  }

  send(message: string): number {
    return this.#ending ? 0 : this.#outbox.send(message);
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver;
    if (this.#ended) queueMicrotask(() => receiver.closed(this.#error, this.#outbox.unwritten));
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("end", () => {
      if (this.#reader.partial) this.#fail("the connection ended in the middle of a message");
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  allow(maxMessageBytes: number): void {
    this.#reader.maxBytes = maxMessageBytes;
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

  #read(chunk: Buffer): void {
    if (this.#ending) return;
    let text: string | undefined;
    try {
      text = this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      if (error.before !== undefined) this.#receiver?.lines(error.before);
      this.#receiver?.violated?.(error.message);
      return;
    }
    if (text !== undefined) this.#receiver?.lines(text);
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
