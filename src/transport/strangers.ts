import type { Socket } from "node:net";
import { MOST_STRANGERS } from "./listen.js";

/** Connections that have not proven themselves, oldest first: few, and for a short time in all, whatever they have become. */
export class Strangers {
  readonly #turnAway = new Map<Socket, (why: string) => void>();
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  accept(socket: Socket): void {
    const timer = setTimeout(() => this.#end(socket, `it had not proven itself after ${this.#timeoutMs} ms`), this.#timeoutMs);
    timer.unref();
    socket.once("close", () => {
      clearTimeout(timer);
      this.release(socket);
    });
    this.add(socket, () => socket.destroy());
    if (this.#turnAway.size <= MOST_STRANGERS) return;
    for (const oldest of this.#turnAway.keys()) return this.#end(oldest, "others wait behind it");
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

  #end(socket: Socket, why: string): void {
    this.#turnAway.get(socket)?.(why);
    this.release(socket);
  }
}
