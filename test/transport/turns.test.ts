import { expect, test } from "vitest";
import { gate } from "../kit/gate.js";
import { atRest } from "../kit/own-time.js";
import { Door, TRANSPORTS } from "./ends.js";
import { frameBytes } from "./raw-websocket.js";

gate();
const LINES = 64 * 1_024;
const LINE = `${"x".repeat(63)}\n`;

for (const transport of TRANSPORTS) {
  test(`[F60] a peer that always has more to read lets everybody else have a turn after each chunk, over ${transport}`, async () => {
    await using door = await Door.open(transport);
    const raw = await door.raw();
    const channel = await door.channel();
    channel.allow?.(1024 * 1024);
    const frame = frameBytes(LINE.repeat(512));
    raw.socket.write(transport === "websocket" ? Buffer.concat(Array(LINES / 512).fill(frame)) : LINE.repeat(LINES));
    // As much as the system takes is there before the first of it is read.
    await atRest(() => raw.socket.writableLength);
    let [inTurn, most, count] = [0, 0, 0];
    await new Promise<void>((resolve) => {
      const others = (): void => {
        inTurn = 0;
        if (count < LINES) setImmediate(others);
      };
      setImmediate(others);
      channel.receive({
        lines(text) {
          const lines = text.split("\n").length;
          count += lines;
          inTurn += lines;
          most = Math.max(most, inTurn);
          // Longer than a turn may take, so that it is no matter of the machine's speed.
          for (const end = performance.now() + 1; performance.now() < end; );
          if (count >= LINES) resolve();
        },
        closed() {},
      });
    });
    // A chunk is 1,024 lines; one more may have been read before it was told to wait.
    expect(count).toBe(LINES);
    expect(most).toBeLessThanOrEqual(3 * 1_024);
    raw.destroy();
  });
}
