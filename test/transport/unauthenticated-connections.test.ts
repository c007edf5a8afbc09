import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { MAX_UNAUTHENTICATED, UnauthenticatedConnections } from "../../src/transport/unauthenticated-connections.js";

/** A socket whose end takes until the test says so, as the system's does: not before the next turn of the event loop. */
class SlowSocket extends EventEmitter {
  readonly number: number;
  destroyed = false;

  constructor(number: number) {
    super();
    this.number = number;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** So many in one burst. Returns them, and the most that were open at a time. */
function burst(strangers: UnauthenticatedConnections, count: number, greet: (socket: Socket) => void = () => {}) {
  const sockets: SlowSocket[] = [];
  let most = 0;
  for (let number = 0; number < count; number++) {
    const socket = new SlowSocket(number);
    sockets.push(socket);
    strangers.accept(socket as unknown as Socket);
    greet(socket as unknown as Socket);
    most = Math.max(most, sockets.filter(({ destroyed }) => !destroyed).length);
  }
  return { sockets, most, open: sockets.filter(({ destroyed }) => !destroyed).map(({ number }) => number) };
}

const lastOf = (count: number): number[] => Array.from({ length: MAX_UNAUTHENTICATED }, (_, index) => count - MAX_UNAUTHENTICATED + index);

test("[F42] of a burst of strangers 64 are open at any time, and the oldest went first, though none is gone before the burst is over", () => {
  const { most, open } = burst(new UnauthenticatedConnections(5_000), 300);
  expect([most, open]).toEqual([MAX_UNAUTHENTICATED, lastOf(300)]);
});

test("[F42] so it is with strangers whose end was asked for and lingers", () => {
  const strangers = new UnauthenticatedConnections(5_000);
  const told: string[] = [];
  const { most, open } = burst(strangers, 200, (socket) => strangers.add(socket, (why) => void told.push(why)));
  expect([most, open]).toEqual([MAX_UNAUTHENTICATED, lastOf(200)]);
  expect(told).toEqual(Array(200 - MAX_UNAUTHENTICATED).fill("newer connections wait behind it"));
});

test("[F42] who has proven itself is no stranger, and is never turned away", () => {
  const strangers = new UnauthenticatedConnections(5_000);
  const [proven] = burst(strangers, 1, (socket) => strangers.release(socket)).sockets;
  burst(strangers, 100);
  expect(proven?.destroyed).toBe(false);
});
