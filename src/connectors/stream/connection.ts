import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { PluginError } from "../../errors.js";
import { systemClock } from "../../util/clock.js";
import { nextTick } from "../../util/timers.js";
import type { EventMeta, PeerMeta } from "../event.js";
import { Deliveries, type Sent } from "./deliveries.js";
import type { Incoming } from "./incoming.js";
import type { Payload } from "./outgoing.js";

/** Why nothing is read from a connection. */
export type PauseReason = keyof typeof PAUSES;
// As bits of a number: there are thousands of connections.
const PAUSES = { asked: 1, unread: 2, busy: 4 };

/** How a connection ended. */
export interface Ending {
  /** With a close frame of the other side: what it sent before has arrived. */
  readonly whole: boolean;
  /** As a close frame had it; 1006 without one. */
  readonly code: number;
  /** What broke it; undefined if it ended in order. */
  readonly problem: string | undefined;
  /** Where the other side broke the protocol, or sent too long a message. */
  readonly violation: "PROTOCOL_VIOLATION" | "LIMIT_EXCEEDED" | undefined;
  /** What the system had taken, and the other side has not confirmed. */
  readonly inDoubt: readonly Sent[];
}

export interface ConnectionOwner {
  message(connection: Connection, data: Buffer, isBinary: boolean): void;
  /** Something was sent: confirm() is to be called before long. */
  unconfirmed(connection: Connection): void;
  ended(connection: Connection, ending: Ending): void;
}

// What of one connection may wait to be handed to the system.
const MOST_UNSENT_BYTES = 64 * 1024 * 1024;
// At once, rather than before long: what is unconfirmed is kept.
const CONFIRM_BYTES = 1_048_576;

/** One WebSocket: what is sent over it, until it is confirmed; when it is read; its end. */
export class Connection {
  readonly id: string;
  /** Of its events that came in text frames. */
  readonly textMeta: EventMeta;
  /** What its frames go through; made by its owner as the first one comes. */
  incoming: Incoming | undefined;
  readonly peer: PeerMeta["peer"];
  readonly origin: ReadonlySet<string>;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  /** The reasons that there are. */
  #pauses = 0;
  readonly #deliveries = new Deliveries();
  #corked = false;
  /** A ping is on its way. */
  #asking = false;
  #unaskedBytes = 0;
  #closedBy: "us" | undefined;
  /** The other side has sent a close frame; in a later turn ours has answered it. `unknown`: when what followed came cannot be told. */
  #closing: "asked" | "answered" | "unknown" | undefined;
  #hasReadAll = false;
  #problem: string | undefined;
  #violation: Ending["violation"];
  /** Bytes that had come when a sign of life was asked for. */
  #seenBytes = -1;

  constructor(id: string, role: "ws_server" | "ws_client", webSocket: WebSocket, socket: Socket, tls: boolean, owner: ConnectionOwner) {
    this.id = id;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#owner = owner;
    this.peer = { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    const meta: PeerMeta = { tls, peer: this.peer };
    this.textMeta = { [role]: meta };
    this.origin = new Set([id]);
    webSocket.on("message", (data: Buffer, isBinary: boolean) => owner.message(this, data, isBinary));
    webSocket.on("pong", (data: Buffer) => this.#confirmed(data));
    // Without this listener one bad frame ends the process.
    webSocket.on("error", (error) => this.#refuse(error));
    webSocket.on("close", (code) => this.#end(code));
    socket.on("data", () => this.#watchClosing());
    socket.on("end", () => {
      this.#hasReadAll = this.#closing === "answered" && !socket.errored;
    });
  }

  get binaryMeta(): EventMeta {
    return { ...this.textMeta, binary: true };
  }

  get isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN;
  }

  /** Resolves when the system has it. @throws {PluginError} Rejects where it is not sent, or may not have arrived. */
  send(payload: Payload, isBinary: boolean, data: unknown): Promise<void> {
    if (!this.isOpen) return Promise.reject(new PluginError("NOT_SENT", `Cannot send to ${this.name}: the connection has ended`));
    const bytes = payload.length;
    if (this.#deliveries.unsettledBytes > 0 && this.#deliveries.unsettledBytes + bytes > MOST_UNSENT_BYTES) {
      const problem = `the system has not taken ${MOST_UNSENT_BYTES} bytes that were sent before`;
      return Promise.reject(new PluginError("BUSY", `Cannot send to ${this.name}: ${problem}\n  Wait for send() before the next one.`));
    }
    return new Promise((resolve, reject) => {
      const sent: Sent = { data, bytes, written: false, settled: false, resolve, reject };
      this.#deliveries.add(sent);
      this.#cork();
      this.#webSocket.send(payload, { binary: isBinary, compress: false }, (error) => {
        // What the system did not take is told at the connection's end, which follows: why is known then. Node.js calls back without an error,
        // too, for what was on its way as a socket was destroyed.
        if (!error && !this.#socket.destroyed) this.#deliveries.wrote(sent);
      });
      this.#unaskedBytes += bytes;
      if (this.#unaskedBytes >= CONFIRM_BYTES) this.confirm();
      else this.#owner.unconfirmed(this);
    });
  }

  /** As it stands in a sentence: `127.0.0.1:4242`. */
  get name(): string {
    const { host, port } = this.peer;
    return `${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  /** Asks the other side for what it has got, unless it is being asked. Returns false where there is nothing to ask. */
  confirm(): boolean {
    if (this.#deliveries.isEmpty || !this.isOpen) return false;
    if (this.#asking) return true;
    this.#ping();
    return true;
  }

  /** Asks for a sign of life; where the last time brought none, the connection is cut. */
  checkLife(): void {
    // Where we do not read we would not hear it.
    if (!this.isOpen || this.#pauses !== 0) {
      this.#seenBytes = -1;
      return;
    }
    const { bytesRead } = this.#socket;
    if (this.#seenBytes === bytesRead) return this.cut("it gave no sign of life");
    this.#seenBytes = bytesRead;
    this.#ping();
  }

  pause(reason: PauseReason): void {
    this.#pauses |= PAUSES[reason];
    if (this.#closing !== undefined) this.#closing = "unknown";
    // While it ends, the close frame of the other side must be read.
    if (this.#closedBy === undefined) this.#webSocket.pause();
  }

  resume(reason: PauseReason): void {
    if ((this.#pauses & PAUSES[reason]) === 0) return;
    this.#pauses &= ~PAUSES[reason];
    if (this.#pauses === 0) this.#webSocket.resume();
  }

  /** Sends a close frame after all else, and waits for that of the other side. */
  close(code: number): void {
    this.#closedBy = "us";
    this.#closing = "unknown";
    // The close frame that comes may have been sent before: a pong is what says that all has arrived.
    if (this.isOpen && !this.#deliveries.isEmpty) this.#ping();
    this.#webSocket.close(code);
    this.#webSocket.resume();
  }

  cut(problem: string): void {
    this.#problem ??= problem;
    this.#webSocket.terminate();
  }

  #ping(): void {
    this.#asking = true;
    this.#unaskedBytes = 0;
    this.#cork();
    // An error shows in the end of the connection.
    this.#webSocket.ping(String(this.#deliveries.last), undefined, () => {});
  }

  #confirmed(data: Buffer): void {
    const number = Number(data.toString("latin1"));
    if (!Number.isSafeInteger(number) || number < 0) return;
    this.#asking = false;
    this.#deliveries.confirm(number);
    if (!this.#deliveries.isEmpty) this.#owner.unconfirmed(this);
  }

  /**
   * A close frame says nothing of what was on its way to who sent it. That its end of the socket follows our answer does: then it has read all,
   * or its own err tells. An end that came with the close frame is none: its sender had given up waiting.
   */
  #watchClosing(): void {
    if (this.isOpen || this.#closing !== undefined) return;
    this.#closing = "asked";
    systemClock.soon(() => {
      if (this.#closing === "asked") this.#closing = "answered";
    });
  }

  // ws has answered with 1002, 1007 or 1009 already.
  #refuse({ code, message }: Error & { readonly code?: string }): void {
    const isTooLong = code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
    this.#violation = isTooLong ? "LIMIT_EXCEEDED" : "PROTOCOL_VIOLATION";
    this.#problem ??= isTooLong
      ? "it sent a message that is longer than max_message_bytes"
      : `it broke the WebSocket protocol (${message})`;
  }

  /** What is sent in one tick goes to the system in one call. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #end(code: number): void {
    const whole = code !== 1006;
    if (!whole) this.#problem ??= "it broke without a close frame";
    const inDoubt = this.#deliveries.giveUp(whole && this.#hasReadAll, () => this.#lost());
    if (inDoubt.length > 0) this.#problem ??= "it was closed before that was confirmed";
    this.#owner.ended(this, { whole, code, problem: this.#problem, violation: this.#violation, inDoubt });
  }

  #lost(): PluginError {
    if (this.#closedBy === "us")
      return new PluginError("CONNECTION_CLOSED", `Cannot send to ${this.name}: we closed the connection; it may have arrived`);
    const problem = this.#problem ?? "the connection ended";
    return new PluginError("CONNECTION_LOST", `Cannot send to ${this.name}: ${problem}; it may have arrived`);
  }
}
