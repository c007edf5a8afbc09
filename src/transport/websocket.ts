import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { PluginError } from "../errors.js";
import { systemClock } from "../util/clock.js";
import { cutToBytes } from "../util/text/cut.js";
import { nextTick } from "../util/timers.js";
import { type Channel, type Receiver, UNPROVEN_MESSAGE_BYTES } from "../wire/channel.js";
import { LineError, textOf, whyUnreadable } from "../wire/framing/lines.js";
import { BATCH_LENGTH, Outbox } from "../wire/framing/outbox.js";
import { FULL_CHUNK_BYTES } from "./chunk-feed.js";
import { Reading } from "./reading.js";
import { LINGER_MS, type SocketChannelOptions } from "./socket.js";

interface WebSocketOptions {
  readonly perMessageDeflate: false;
  readonly maxPayload: number;
  readonly skipUTF8Validation: false;
  readonly closeTimeout: number;
}

/** Options that both ends give to ws. Compression would let 97 kB become 99 MB, and ws's client offers it if not told. */
export function webSocketOptions(maxMessageBytes: number): WebSocketOptions {
  // A frame may hold one message and its newline, or many short ones that a sender joined; a character has up to three bytes.
  const maxPayload = Math.max(maxMessageBytes + 1, 3 * BATCH_LENGTH);
  // ws would wait 30 s for the other side's close frame.
  return { perMessageDeflate: false, maxPayload, skipUTF8Validation: false, closeTimeout: LINGER_MS };
}

// What a close frame has room for.
const MAX_REASON_BYTES = 123;
// ws holds a whole frame before it hands anything over, so its bytes are counted below it. The hello and the ready fit in this.
const MAX_UNAUTHENTICATED_BYTES = 2 * UNPROVEN_MESSAGE_BYTES + 1_024;

/**
 * Makes a channel of an open WebSocket: one or more lines per text frame.
 * @param socket The socket below, which counts what a side sends that has not proven itself, and what the system has not taken.
 */
export function webSocketChannel(webSocket: WebSocket, socket: Socket, options: SocketChannelOptions): Channel {
  return new WebSocketChannel(webSocket, socket, options);
}

class WebSocketChannel implements Channel {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #reading: Reading;
  readonly #options: SocketChannelOptions;
  readonly #outbox: Outbox;
  #receiver: Receiver | undefined;
  #maxBytes = UNPROVEN_MESSAGE_BYTES;
  #ending = false;
  #ended = false;
  #error: PluginError | undefined;
  /** With which the other side ended it. */
  #code: number | undefined;
  #closeWith: readonly [code: number, reason: string] | undefined;
  #unauthenticatedBytes = 0;
  readonly #countUnauthenticated = (chunk: Buffer): void => {
    this.#unauthenticatedBytes += chunk.length;
    if (this.#unauthenticatedBytes <= MAX_UNAUTHENTICATED_BYTES) return;
    this.#violate("it is longer than a message may be before its sender has proven itself", 1009);
    // At once: what comes while the close frame is waited for would be held, too.
    this.#webSocket.terminate();
  };

  constructor(webSocket: WebSocket, socket: Socket, options: SocketChannelOptions) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#reading = new Reading(webSocket);
    this.#options = options;
    this.#outbox = new Outbox(
      {
        isOpen: () => webSocket.readyState === webSocket.OPEN,
        write: (data, isLastPart) => this.#write(data, isLastPart),
        drained: () => this.#drained(),
        stalled: (ms) => this.#fail(`the other side has read nothing for ${ms} ms`),
        broke: (cause) => this.#fail(`a message could not be written (${cause.message})`),
      },
      systemClock,
      options.stallTimeoutMs,
    );
    webSocket.pause();
    socket.setNoDelay(true);
    socket.on("data", this.#countUnauthenticated);
    // Without this listener one bad frame ends the process.
    webSocket.on("error", (cause) => this.#refuseFrame(cause));
    webSocket.on("close", (code) => this.#close(code));
  }

  get received(): number {
    return this.#socket.bytesRead;
  }

  send(message: string): number {
    return this.#ending ? 0 : this.#outbox.send(message);
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver;
    if (this.#ended) nextTick(() => receiver.closed(this.#error, this.#outbox.unwritten, this.#code));
    this.#webSocket.on("message", (data: Buffer, isBinary: boolean) => this.#read(data, isBinary));
    this.#webSocket.resume();
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
    this.#maxBytes = maxMessageBytes;
    this.#socket.off("data", this.#countUnauthenticated);
    // More is likely there: as in a socket's channel.
    this.#socket.on("data", (chunk) => {
      if (chunk.length >= FULL_CHUNK_BYTES && !this.#ending) this.#reading.letOthersRead();
    });
    this.#options.onAllowed?.();
  }

  close(code = 1000, reason = ""): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#closeWith ??= [code, reason];
    // Ends once that is done.
    this.#outbox.flush();
  }

  #write(data: string | readonly Buffer[], isLastPart: boolean): boolean {
    // The last newline is spared: a message and one byte more might be too much for the other side.
    const whole = typeof data === "string" ? data : data.length === 1 ? (data[0] as Buffer) : Buffer.concat(data);
    const frame = !isLastPart ? whole : typeof whole === "string" ? whole.slice(0, -1) : whole.subarray(0, -1);
    this.#webSocket.send(frame, { binary: false, fin: isLastPart }, (error) => {
      if (!error && this.#socket.writableLength === 0) this.#outbox.taken();
    });
    return this.#socket.writableLength === 0;
  }

  #drained(): void {
    this.#receiver?.drained?.();
    if (!this.#ending) return;
    const [code, reason] = this.#closeWith ?? [1000, ""];
    this.#webSocket.close(code, cutToBytes(reason, MAX_REASON_BYTES));
    // The other side's close frame comes after what it sent before: that is read, unheard.
    this.#webSocket.resume();
  }

  #read(data: Buffer, isBinary: boolean): void {
    if (this.#ending) return;
    // ws does not check that a binary frame is UTF-8, and this protocol has no binary frames.
    if (isBinary) return this.#violate("it came in a binary frame", 1003);
    let text: string;
    try {
      text = textOf(data.at(-1) === 10 ? data.subarray(0, -1) : data, this.#maxBytes);
    } catch (error) {
      if (error instanceof LineError && error.before !== undefined) this.#receiver?.lines(error.before);
      return this.#violate(whyUnreadable(error), 1009);
    }
    this.#receiver?.lines(text);
  }

  // ws has answered with 1002, 1007 or 1009 already.
  #refuseFrame(cause: Error & { code?: string }): void {
    if (cause.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") this.#violate(`it is longer than ${this.#maxBytes} bytes`, 1009);
    else this.#violate(`it broke the WebSocket protocol (${cause.message})`, 1002);
  }

  #violate(problem: string, code: number): void {
    if (this.#ending) return;
    this.#socket.off("data", this.#countUnauthenticated);
    // The receiver closes as for any violation, and knows no codes of a WebSocket.
    this.#closeWith = [code, problem];
    this.#receiver?.violated?.(problem);
    this.close();
  }

  #fail(problem: string): void {
    this.#error ??= new PluginError("CONNECTION_LOST", problem);
    this.#webSocket.terminate();
  }

  #close(code: number): void {
    this.#ended = true;
    this.#outbox.stop();
    this.#socket.off("data", this.#countUnauthenticated);
    // 1006: there was no close frame.
    if (code === 1006 && !this.#ending) this.#error ??= new PluginError("CONNECTION_LOST", "the connection broke without a close frame");
    // An echo of what we sent says nothing of the other side.
    this.#code = this.#closeWith === undefined ? code : undefined;
    this.#ending = true;
    this.#receiver?.closed(this.#error, this.#outbox.unwritten, this.#code);
  }
}
