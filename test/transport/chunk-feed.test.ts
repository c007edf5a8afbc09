import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { ChunkFeed } from "../../src/transport/chunk-feed.js";
import { dial } from "../../src/transport/dial.js";
import type { Channel } from "../../src/wire/channel.js";
import { mixedFrame } from "../../src/wire/framing/frames.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { Ear } from "./ends.js";

gate();

/** Dialled channels, and the other end of each as a plain socket. */
async function ends() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = { network: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port } as const;
  const sockets: Socket[] = [];
  const channels: Channel[] = [];
  return {
    async open(): Promise<{ readonly channel: Channel; readonly socket: Socket }> {
      const accepted = once(server, "connection");
      const channel = await dial(address, "jsonrpc", { limits: limitsOf(), signal: new AbortController().signal });
      channel.allow?.(32 * 1024 * 1024);
      const [socket] = (await accepted) as [Socket];
      channels.push(channel);
      sockets.push(socket.on("error", () => {}));
      return { channel, socket };
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy();
      for (const channel of channels) channel.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Resolves when that channel has read so many bytes. */
const haveRead = (channel: Channel, bytes: number): Promise<void> => expect.poll(() => channel.received).toBe(bytes) as Promise<void>;

test("[F55] halves of lines that several connections hold stay what they were, though all are read into the same memory", async () => {
  await using both = await ends();
  const left = await both.open();
  const right = await both.open();
  const ears = [new Ear(left.channel), new Ear(right.channel)] as const;
  let sent = 0;
  for (const half of [10, 5_000, 300_000]) {
    left.socket.write("l".repeat(half));
    right.socket.write("r".repeat(half));
    sent += half;
    await haveRead(left.channel, sent);
    await haveRead(right.channel, sent);
    sent += half + 1;
    left.socket.write(`${"L".repeat(half)}\n`);
    right.socket.write(`${"R".repeat(half)}\n`);
    expect(await ears[0].line()).toBe("l".repeat(half) + "L".repeat(half));
    expect(await ears[1].line()).toBe("r".repeat(half) + "R".repeat(half));
  }
});

test("raw bytes of a frame stay what they were when the next frames have been read", async () => {
  await using one = await ends();
  const { channel, socket } = await one.open();
  const arrived: Uint8Array[] = [];
  let lines = 0;
  channel.receive({
    lines: () => void lines++,
    frame: (_message, bytes) => void arrived.push(bytes),
    closed: () => {},
  });
  channel.frames?.receive();
  const lengths = [1, 100, 20_000, 200_000, 700_000];
  let total = 0;
  for (const [index, length] of lengths.entries()) {
    for (const piece of mixedFrame("{}", [new Uint8Array(length).fill(index + 1)])) {
      socket.write(piece);
      total += piece.length;
    }
    await haveRead(channel, total);
  }
  expect(arrived.map((bytes) => [bytes.length, new Set(bytes)])).toEqual(lengths.map((length, index) => [length, new Set([index + 1])]));
  expect(lines).toBe(0);
});

test("[F60] many short messages that take long are read in smaller chunks", async () => {
  await using one = await ends();
  const { channel, socket } = await one.open();
  const lines = `${"x".repeat(63)}\n`.repeat(32 * 1_024);
  const chunks: number[] = [];
  await new Promise<void>((resolve) => {
    let left = lines.length;
    channel.receive({
      lines(text) {
        chunks.push(text.length + 1);
        left -= text.length + 1;
        // Longer than a turn may take, so that it is no matter of the machine's speed.
        for (const end = performance.now() + 1; performance.now() < end; );
        if (left === 0) resolve();
      },
      closed: () => {},
    });
    // More than the system takes at once, so that there is always more.
    socket.write(lines);
  });
  expect(Math.max(...chunks)).toBe(64 * 1_024);
  expect(chunks.slice(20, 100).every((length) => length <= 4 * 1_024)).toBe(true);
});

test("[F60] a full chunk that takes longer than it may halves the next, and one that takes no half of that doubles it", () => {
  const feed = new ChunkFeed();
  const sizes = [2, 2, 1, 0.5, 0.4, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0].map((ms) => {
    feed.took(ms, 1);
    return feed.fullBytes / 1_024;
  });
  expect(sizes).toEqual([32, 16, 16, 16, 32, 16, 8, 4, 4, 4, 8, 16, 32, 64, 64]);
});

test("nothing is read before somebody listens, and what came by then is not lost", async () => {
  await using one = await ends();
  const { channel, socket } = await one.open();
  await new Promise((resolve) => socket.write("first\n", resolve));
  expect(channel.received).toBe(0);
  const ear = new Ear(channel);
  expect(await ear.line()).toBe("first");
  channel.pause();
  socket.write("second\n");
  channel.resume();
  expect(await ear.line()).toBe("second");
});
