import type { Socket } from "node:net";
import { expect, test } from "vitest";
import type { PluginError } from "../../src/errors.js";
import { dial } from "../../src/transport/dial.js";
import { systemClock } from "../../src/util/clock.js";
import type { Channel } from "../../src/wire/channel.js";
import { linesFrame, mixedFrame } from "../../src/wire/framing/frames.js";
import { memoryChannels } from "../../src/wire/memory.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { Door } from "./ends.js";

gate();
const MIB = 1024 * 1024;

/** What one end heard, in order: lines as they are, messages with the length of their bytes. */
function listen(channel: Channel) {
  const heard: string[] = [];
  let wake = (): void => {};
  const hear = (what: string): void => {
    heard.push(what);
    wake();
  };
  const closed = new Promise<{ readonly error: PluginError | undefined; readonly unwritten: number | undefined }>((resolve) =>
    channel.receive({
      lines: (text) => text.split("\n").forEach(hear),
      frame: (message, { length }) => hear(`${message} ${length}`),
      violated(problem) {
        hear(`violated: ${problem}`);
        channel.close();
      },
      closed: (error, unwritten) => resolve({ error, unwritten }),
    }),
  );
  const until = async (count: number): Promise<string[]> => {
    while (heard.length < count) await new Promise<void>((resolve) => void (wake = resolve));
    return heard;
  };
  return { channel, heard, closed, until };
}

/** Two channels of ours that have turned to frames, both ways. */
async function framePair(transport: "tcp" | "unix" | "memory", stallTimeoutMs = 10_000) {
  const limits = limitsOf({ stallTimeoutMs });
  const door = transport === "memory" ? undefined : await Door.open(transport, { stallTimeoutMs });
  const [left, right] = await (async (): Promise<readonly [Channel, Channel]> => {
    if (door === undefined) return memoryChannels({ clock: systemClock, stallTimeoutMs });
    const { address, protocol } = door.listener;
    return Promise.all([dial(address, protocol, { limits, signal: new AbortController().signal }), door.channel()]);
  })();
  for (const { allow, frames } of [left, right]) {
    expect([typeof allow, typeof frames?.send]).toEqual(["function", "function"]);
  }
  for (const channel of [left, right]) {
    channel.allow?.(limits.maxMessageBytes);
    channel.frames?.send();
    channel.frames?.receive();
  }
  const near = listen(left);
  const far = listen(right);
  return {
    near,
    far,
    async [Symbol.asyncDispose]() {
      near.channel.close();
      far.channel.close();
      await Promise.all([near.closed, far.closed]);
      await door?.[Symbol.asyncDispose]();
    },
  };
}

for (const transport of ["tcp", "unix", "memory"] as const) {
  test(`lines and messages with bytes of any length keep their order, over ${transport}`, async () => {
    await using ends = await framePair(transport);
    const sizes = [0, 1, 100, 20_000, 3 * MIB, MIB, 5];
    for (const size of sizes) {
      ends.near.channel.send(`line${size}`);
      ends.near.channel.send("mixed", [new Uint8Array(size), new Uint8Array(0), new Uint8Array(1)]);
    }
    ends.near.channel.send("end");
    const expected = [...sizes.flatMap((size) => [`line${size}`, `mixed ${size + 1}`]), "end"];
    expect(await ends.far.until(expected.length)).toEqual(expected);
  });

  test(`[F67] mixed frames of which no byte left are counted as unwritten with the lines, over ${transport}`, async () => {
    await using ends = await framePair(transport, 200);
    ends.far.channel.pause();
    for (let count = 0; count < 8; count++) {
      ends.near.channel.send("mixed", [new Uint8Array(8 * MIB)]);
      ends.near.channel.send("line");
    }
    const { error, unwritten } = await ends.near.closed;
    expect(error?.message).toBe("the other side has read nothing for 200 ms");
    // The first frame is under way, and neither the system nor we can say more of it; a system that takes more has the line too.
    expect(unwritten).toBeGreaterThanOrEqual(10);
    expect(unwritten).toBeLessThanOrEqual(15);
  });
}

for (const transport of ["tcp", "unix"] as const) {
  test(`[F62] a connection that ends in the middle of a frame is lost, and the partial frame is never handed over, over ${transport}`, async () => {
    await using door = await Door.open(transport);
    const raw = (await door.raw()) as { write(bytes: Uint8Array): void; socket: Socket };
    const channel = await door.channel();
    channel.frames?.receive();
    const end = listen(channel);
    const [frame] = mixedFrame("m", [Uint8Array.of(1, 2, 3)]) as [Buffer];
    raw.socket.end(Buffer.concat([linesFrame("whole\n"), frame.subarray(0, -1)]));
    const { error } = await end.closed;
    expect(error?.message).toBe("the connection ended in the middle of a message");
    expect(end.heard).toEqual(["whole"]);
  });

  test(`[F54, F55] nothing is read after a frame that is none, in its chunk or later, over ${transport}`, async () => {
    await using door = await Door.open(transport);
    const raw = (await door.raw()) as { write(bytes: Uint8Array): void };
    const channel = await door.channel();
    channel.frames?.receive();
    const end = listen(channel);
    raw.write(Buffer.concat([linesFrame("fine\n"), Buffer.from([0, 0, 0, 2, 9, 9]), linesFrame("never\n")]));
    raw.write(linesFrame("nor this\n"));
    await end.closed;
    expect(end.heard).toEqual(["fine", "violated: it is a frame of kind 9, which is not known"]);
  });
}

test("[F55] thousands of lines that come in one chunk while frames may follow are read, and the frame after them", async () => {
  await using door = await Door.open("unix");
  const raw = (await door.raw()) as { write(bytes: Uint8Array): void };
  const channel = await door.channel();
  channel.frames?.expect();
  let count = 0;
  const frame = new Promise<string>((resolve) => {
    channel.receive({
      lines(text) {
        if (text === "switch") channel.frames?.receive();
        else if (text === "a") count++;
      },
      frame: resolve,
      closed: () => {},
    });
  });
  raw.write(Buffer.concat([Buffer.from(`${"a\n".repeat(60_000)}switch\n`), ...mixedFrame("m", [Uint8Array.of(1)])]));
  expect([await frame, count]).toEqual(["m", 60_000]);
});
