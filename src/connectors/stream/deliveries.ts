import { Fifo } from "../ports/fifo.js";

/** One event that was given to a connection, until the other side is known to have it. */
export interface Sent {
  readonly data: unknown;
  readonly bytes: number;
  /** The system has it. */
  written: boolean;
  /** Its promise is settled. */
  settled: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

// More than a system's buffers hold of the shortest events, so only who answers no pings comes to it.
const MOST_UNCONFIRMED = 262_144;

/**
 * What one connection was given and the other side has not confirmed, in order. A pong confirms all that was sent before its ping: a
 * WebSocket deals with frames in their order.
 */
export class Deliveries {
  readonly #sent: Fifo<Sent> = new Fifo<Sent>();
  /** Of all that was ever sent here: the number of the last one. */
  #last = 0;
  /** Bytes whose promises wait. */
  #unsettledBytes = 0;
  /** Written, and not settled yet: too much before it is unconfirmed. */
  #held: Fifo<Sent> | undefined;

  get last(): number {
    return this.#last;
  }

  get unsettledBytes(): number {
    return this.#unsettledBytes;
  }

  get isEmpty(): boolean {
    return this.#sent.size === 0;
  }

  add(sent: Sent): void {
    this.#last++;
    this.#unsettledBytes += sent.bytes;
    this.#sent.push(sent);
  }

  /** The system has taken it. */
  wrote(sent: Sent): void {
    sent.written = true;
    if (sent.settled) return;
    if (this.#sent.size > MOST_UNCONFIRMED) (this.#held ??= new Fifo<Sent>()).push(sent);
    else this.#settle(sent).resolve();
  }

  /** The other side has all up to this number. */
  confirm(number: number): void {
    const first = this.#last - this.#sent.size + 1;
    for (let count = Math.min(number, this.#last) - first; count >= 0; count--) {
      const sent = this.#sent.shift() as Sent;
      if (!sent.settled) this.#settle(sent).resolve();
    }
    while (this.#held !== undefined && this.#held.size > 0 && this.#sent.size <= MOST_UNCONFIRMED) {
      const sent = this.#held.shift() as Sent;
      if (!sent.settled) this.#settle(sent).resolve();
    }
  }

  /**
   * Nothing more is confirmed: rejects what the system has not taken, and gives what it has taken, which may not have arrived.
   * @param inOrder The other side has read all that the system has taken: it is not in doubt.
   */
  giveUp(inOrder: boolean, errorOf: () => Error): Sent[] {
    const inDoubt: Sent[] = [];
    for (let sent = this.#sent.shift(); sent !== undefined; sent = this.#sent.shift()) {
      // One whose send() still waits is told by that.
      if (sent.settled) {
        if (sent.written && !inOrder) inDoubt.push(sent);
      } else if (sent.written && inOrder) this.#settle(sent).resolve();
      else this.#settle(sent).reject(errorOf());
    }
    this.#held?.clear();
    return inDoubt;
  }

  #settle(sent: Sent): Sent {
    sent.settled = true;
    this.#unsettledBytes -= sent.bytes;
    return sent;
  }
}
