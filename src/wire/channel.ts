import type { PluginError } from "../errors.js";

/** The only door to transports: text in order both ways, and one end. A host may be handed one that something else accepted. */
export interface Channel {
  /**
   * Queues a message, one JSON text without its newline; everything sent in one tick leaves together.
   * Raw bytes travel beside it, where the channel carries frames; they must not be changed before the system has taken them, or copyBytes() was called.
   * Returns the bytes that the system has not yet taken, this message's among them. After the end it does nothing.
   */
  send(message: string, bytes?: readonly Uint8Array[]): number;
  /** Called once, by the peer that takes the channel over. Nothing is read before. */
  receive(receiver: Receiver): void;
  /** Copies raw bytes that were not handed to the system yet: the caller may change them from now on. What was handed over is the system's. */
  copyBytes?(): void;
  /** Stops reading; what the other side sends waits with the system. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then ends. Idempotent. `code` and `reason` are a WebSocket's; other channels have no place for them. */
  close(code?: number, reason?: string): void;
  /** The longest line to take from now on. Until it is called, for the other side has not proven itself, a line may have 64 KiB. */
  allow?(maxMessageBytes: number): void;
  /** Says whether the open channel keeps the program alive. Until it is called, it does. */
  hold?(holds: boolean): void;
  /** Bytes received so far, those of half a message too. */
  readonly received?: number;
  /** Present on a channel that can carry frames. Each direction turns to them by itself, between two messages, once told to. */
  readonly frames?: FrameSwitch | undefined;
}

/** Turns a channel's directions from lines to frames. */
export interface FrameSwitch {
  /** The other side may turn to frames after any line: they are read one by one until receive() or receiveLines(). */
  expect(): void;
  /** What follows the line that is being read now are frames. */
  receive(): void;
  /** What follows are lines still, and that is settled. */
  receiveLines(): void;
  /** What is sent after the last message are frames. */
  send(): void;
}

/** What a channel hands over what it reads to: most often a peer. */
export interface Receiver {
  /** One or more lines that arrived together, separated by newlines; well-formed text, no line too long. */
  lines(text: string): void;
  /** A message with raw bytes beside it, which are the receiver's own from now on. */
  frame?(message: string, bytes: Uint8Array): void;
  /** Everything sent so far was handed to the system. */
  drained?(): void;
  /** Bytes that are no lines: not UTF-8, or too many without a newline. Nothing is read after it. */
  violated?(problem: string): void;
  /**
   * The end, once, and last. `error` says what broke; without it the other side ended the channel in order, or we did.
   * `unwritten` is how many of the last messages were certainly never handed to the system. `code` is that of the close frame by which
   * the other side ended a WebSocket, 1005 where the frame had none, and 1006 where there was no frame; undefined where this side ended
   * it, and on other channels.
   */
  closed(error: PluginError | undefined, unwritten?: number, code?: number): void;
}

/** The longest line taken from a side that has not proven itself. */
export const UNPROVEN_MESSAGE_BYTES: number = 64 * 1024;
