import type { Duplex } from "node:stream";
import { clearTimeout, setImmediate, setTimeout } from "../util/timers.js";

/** The most connections at one time that have not proven themselves. A real host is never kept out: the oldest of them is closed. */
export const MAX_UNAUTHENTICATED = 64;

/**
 * Connections that have not proven themselves, oldest first: few, and for a short time in all, whatever they have become.
 *
 * One that was told to close counts until its socket is gone: it costs a descriptor for as long as that.
 */
export class UnauthenticatedConnections {
  readonly #turnAway = new Map<Duplex, (why: string) => void>();
  readonly #timeoutMs: number;
  readonly #most: number;

  constructor(timeoutMs: number, most: number = MAX_UNAUTHENTICATED) {
    this.#timeoutMs = timeoutMs;
    this.#most = most;
  }

  get count(): number {
    return this.#turnAway.size;
  }

  /** Counts a connection from now on, unless it is counted already. */
  accept(socket: Duplex): void {
    if (this.#turnAway.has(socket)) return;
    // In all, not since the last byte: one byte now and then would last for ever.
    const end = (): void => this.#end(socket, `it had not proven itself after ${this.#timeoutMs} ms`);
    // What came while this process stood still is read first: it may be the proof.
    const timer = setTimeout(() => setImmediate(end), this.#timeoutMs);
    timer.unref();
    socket.once("close", () => {
      clearTimeout(timer);
      this.release(socket);
    });
    this.add(socket, () => socket.destroy());
    if (this.count <= this.#most) return;
    for (const oldest of this.#turnAway.keys()) return this.#pushOut(oldest);
  }

  /** From now on that is how it is turned away; its place in the line stays. */
  add(socket: Duplex, turnAway: (why: string) => void): void {
    this.#turnAway.set(socket, turnAway);
  }

  /** It has proven itself, or is gone: it does not count any more. */
  release(socket: Duplex): void {
    this.#turnAway.delete(socket);
  }

  turnAllAway(): void {
    for (const socket of this.#turnAway.keys()) this.#end(socket, "no more connections are taken");
  }

  // Its place must be free now, not when the other side has agreed to end: many may come in one turn of the event loop.
  #pushOut(socket: Duplex): void {
    this.#end(socket, "newer connections wait behind it");
    this.release(socket);
    socket.destroy();
  }

  #end(socket: Duplex, why: string): void {
    this.#turnAway.get(socket)?.(why);
  }
}
