import type { PluginError } from "../../errors.js";
import { AttachmentPolicy } from "../../wire/attachments.js";
import type { Channel } from "../../wire/channel.js";

interface Waiting {
  readonly sequence: number;
  /** Characters sent on the connection when this message had been. */
  readonly position: number;
  readonly method: string;
  resolve(): void;
  reject(reason: unknown): void;
}

/** All that one side sends on a connection, in order, and what waits until it was handed to the system. */
export class Sender {
  /** What travels beside the JSON. */
  readonly attachmentPolicy: AttachmentPolicy = new AttachmentPolicy();
  /** How many messages were sent. */
  sent = 0;
  /** The length of all that was sent: characters of text, newlines, and raw bytes. */
  length = 0;
  /** Bytes that the system had not taken when the last message was sent, or 0 if it has taken all since. */
  unsent = 0;
  readonly #channel: Pick<Channel, "send" | "copyBytes">;
  #waiting: Waiting[] = [];

  constructor(channel: Pick<Channel, "send" | "copyBytes">) {
    this.#channel = channel;
  }

  /** Sends a message. Returns which of all messages it is, counted from 1. */
  send(text: string, bytes?: readonly Uint8Array[]): number {
    const sequence = ++this.sent;
    this.length += text.length + 1;
    if (bytes !== undefined) for (const { length } of bytes) this.length += length;
    this.unsent = this.#channel.send(text, bytes);
    // A connection that is always busy never drains; what lies further back than is unsent has been handed over.
    if (this.#waiting.length > 0) this.#handed(this.length - this.unsent);
    return sequence;
  }

  /** The bytes of earlier messages may be changed from now on, whether they have left or not. */
  copyBytes(): void {
    if (this.unsent > 0) this.#channel.copyBytes?.();
  }

  /** Calls `resolve` once all that was sent so far is with the system, or `reject` if the connection ends before. */
  whenHanded(method: string, resolve: () => void, reject: (reason: unknown) => void): void {
    if (this.unsent === 0) return resolve();
    this.#waiting.push({ sequence: this.sent, position: this.length, method, resolve, reject });
  }

  /** All that was sent is with the system. */
  drained(): void {
    this.unsent = 0;
    if (this.#waiting.length > 0) this.#handed(Number.POSITIVE_INFINITY);
  }

  /** Rejects what still waits. */
  rejectAll(errorOf: (method: string, sequence: number) => PluginError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { sequence, method, reject } of waiting) reject(errorOf(method, sequence));
  }

  #handed(position: number): void {
    let count = 0;
    for (const waiting of this.#waiting) {
      if (waiting.position > position) break;
      waiting.resolve();
      count++;
    }
    if (count > 0) this.#waiting.splice(0, count);
  }
}
