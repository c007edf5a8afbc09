import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";
import { expect, test } from "vitest";
import { socketChannel } from "../../src/transport/socket.js";
import { gate } from "../kit/gate.js";
import { Ear, reset } from "./ends.js";

gate();

/** A channel over a real socket, and the bare socket at its other end. */
async function ends(stallTimeoutMs = 10_000): Promise<{ ear: Ear; ours: Socket; theirs: Socket } & AsyncDisposable> {
  const server: Server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const theirs = connect((server.address() as AddressInfo).port, "127.0.0.1");
  theirs.on("error", () => {});
  const [ours] = (await once(server, "connection")) as [Socket];
  const ear = new Ear(socketChannel(ours, { stallTimeoutMs }));
  return {
    ear,
    ours,
    theirs,
    async [Symbol.asyncDispose]() {
      theirs.destroy();
      ours.destroy();
      await ear.closed;
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("everything sent in one tick is one write, and so is what the next tick sends", async () => {
  await using end = await ends();
  const writes: unknown[] = [];
  const { write } = end.ours;
  end.ours.write = ((...args: Parameters<typeof write>) => {
    writes.push(args[0]);
    return write.apply(end.ours, args);
  }) as typeof write;
  for (let number = 0; number < 100; number++) end.ear.channel.send(String(number));
  await end.ear.drain();
  end.ear.channel.send("next");
  await end.ear.drain();
  expect(writes).toEqual([Array.from({ length: 100 }, (_, number) => `${number}\n`).join(""), "next\n"]);
});

test("[F62] a connection that ends in the middle of a line is lost, and the partial line is never handed over", async () => {
  await using end = await ends();
  end.theirs.end('{"whole":1}\n{"par');
  const { error } = await end.ear.closed;
  expect([error?.code, error?.message]).toEqual(["CONNECTION_LOST", "the connection ended in the middle of a message"]);
  expect(end.ear.texts).toEqual(['{"whole":1}']);
});

test("[F62] a connection that is reset is lost, with the system's code for it", async () => {
  await using end = await ends();
  end.theirs.write('{"whole":1}\n{"par');
  // Read before the reset: bytes and a reset that arrive together look like an end to libuv.
  expect(await end.ear.line()).toBe('{"whole":1}');
  reset(end.theirs);
  const { error } = await end.ear.closed;
  expect([error?.code, error?.message]).toEqual(["CONNECTION_LOST", "the connection broke (ECONNRESET)"]);
  expect(error?.cause).toMatchObject({ code: "ECONNRESET" });
  expect(end.ear.texts).toEqual(['{"whole":1}']);
});

test("[F56, F54] what comes before bytes that are no lines is handed over, and nothing after them is", async () => {
  await using end = await ends();
  end.theirs.write(Buffer.concat([Buffer.from("before\n"), Buffer.from([0xff, 10]), Buffer.from("after\n")]));
  end.theirs.write("later\n");
  await end.ear.closed;
  expect(end.ear.texts).toEqual(["before"]);
  expect(end.ear.problems).toEqual(["it is not UTF-8"]);
});

test("a line of a stranger may have 64 KiB, until more is allowed", async () => {
  await using end = await ends();
  end.theirs.write(`${"x".repeat(65_536)}\n`);
  expect((await end.ear.line()).length).toBe(65_536);
  end.ear.channel.allow?.(100_000);
  end.theirs.write(`${"x".repeat(100_000)}\n`);
  expect((await end.ear.line()).length).toBe(100_000);
  await using stranger = await ends();
  stranger.theirs.write("x".repeat(65_537));
  await stranger.ear.closed;
  expect(stranger.ear.problems).toEqual(["it is longer than 65536 bytes"]);
});

test("[F59] a peer that reads nothing is given up after the stall timeout, and what it was never handed is counted", async () => {
  await using end = await ends(150);
  end.theirs.pause();
  for (let count = 0; count < 64; count++) end.ear.channel.send("x".repeat(1024 * 1024));
  const { error, unwritten } = await end.ear.closed;
  expect([error?.code, error?.message]).toEqual(["CONNECTION_LOST", "the other side has read nothing for 150 ms"]);
  expect(unwritten).toBeGreaterThan(32);
  expect(unwritten).toBeLessThan(64);
});

test("[F11, F59] a peer is not given up because this process was held up itself", async () => {
  await using end = await ends(100);
  let received = 0;
  end.theirs.on("data", ({ length }) => {
    received += length;
  });
  const size = 16 * 1024 * 1024;
  end.ear.channel.send("x".repeat(size));
  await new Promise((resolve) => setImmediate(resolve));
  for (const until = performance.now() + 200; performance.now() < until; );
  await end.ear.drain();
  end.ear.channel.close();
  expect((await end.ear.closed).error).toBeUndefined();
  expect(received).toBe(size + 1);
});

test("[F59] a closed channel whose peer reads nothing does not linger beyond the stall timeout", async () => {
  await using end = await ends(150);
  end.theirs.pause();
  for (let count = 0; count < 32; count++) end.ear.channel.send("x".repeat(1024 * 1024));
  end.ear.channel.close();
  expect((await end.ear.closed).error?.message).toBe("the other side has read nothing for 150 ms");
});

test("close() does not wait for a peer that never ends its side", async () => {
  await using end = await ends();
  end.theirs.allowHalfOpen = true;
  end.ear.channel.send("bye");
  end.ear.channel.close();
  expect((await end.ear.closed).error).toBeUndefined();
});
