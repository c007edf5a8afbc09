import type { Socket } from "node:net";
import { clearTimeout, setTimeout } from "../util/timers.js";

/** UnauthenticatedConnections in front of the door at one time. A real host is never kept out: the one who waited longest goes. */
export const MAX_UNAUTHENTICATED = 64;

/**
 * Connections that have not proven themselves, oldest first: few, and for a short time in all, whatever they have become.
 *
 * One that was told to go is a stranger until its socket is gone: it costs a descriptor for as long as that.
 */
export class UnauthenticatedConnections {
  readonly #turnAway = new Map<Socket, (why: string) => void>();
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  accept(socket: Socket): void {
    // In all, not since the last byte: a drip would last for ever.
    const timer = setTimeout(() => this.#end(socket, `it had not proven itself after ${this.#timeoutMs} ms`), this.#timeoutMs);
    timer.unref();
    socket.once("close", () => {
      clearTimeout(timer);
      this.release(socket);
    });
    this.add(socket, () => socket.destroy());
    if (this.#turnAway.size <= MAX_UNAUTHENTICATED) return;
    for (const oldest of this.#turnAway.keys()) return this.#pushOut(oldest);
  }

  /** From now on that is how it is turned away; its place in the line stays. */
  add(socket: Socket, turnAway: (why: string) => void): void {
    this.#turnAway.set(socket, turnAway);
  }

  /** It is no stranger any more. */
  release(socket: Socket): void {
    this.#turnAway.delete(socket);
  }

  turnAllAway(): void {
    for (const socket of this.#turnAway.keys()) this.#end(socket, "nobody is received any more");
  }

  // Its place must be free now, not when the other side has agreed to end: many may come in one turn of the event loop.
  #pushOut(socket: Socket): void {
    this.#end(socket, "others wait behind it");
    this.release(socket);
    socket.destroy();
  }

  #end(socket: Socket, why: string): void {
    this.#turnAway.get(socket)?.(why);
  }
}
