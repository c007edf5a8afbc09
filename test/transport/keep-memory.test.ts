import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { gate } from "../kit/gate.js";

gate();
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.resetModules();
});

/** How many pieces of memory longer than 16 MiB are asked for by a channel that reads a frame of so many bytes. */
async function longPiecesFor(bytes: number): Promise<number> {
  // Anew: it is done once in a process.
  const { socketChannel } = await import("../../src/transport/socket.js");
  const { connect } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = connect((server.address() as { port: number }).port, "127.0.0.1");
  const [far] = await once(server, "connection");
  const channel = socketChannel(near, { stallTimeoutMs: 10_000 });
  channel.allow?.(1024 * 1024);
  channel.frames?.receive();
  const alloc = vi.spyOn(Buffer, "allocUnsafeSlow");
  const heard = new Promise<void>((resolve) => channel.receive({ lines() {}, frame: () => resolve(), closed() {} }));
  const head = Buffer.alloc(9);
  head.writeUInt32BE(1 + 4 + 2 + bytes);
  head[4] = 1;
  head.writeUInt32BE(2, 5);
  far.write(Buffer.concat([head, Buffer.from("{}"), Buffer.alloc(bytes)]));
  await heard;
  const count = alloc.mock.calls.filter(([length]) => length > 16 * 1024 * 1024).length;
  const closed = once(near, "close");
  channel.close();
  far.end();
  await closed;
  await new Promise((resolve) => server.close(resolve));
  return count;
}

test("the allocator is shown a long piece once, when a long frame comes", async () => {
  expect(await longPiecesFor(100)).toBe(0);
  expect(await longPiecesFor(1024 * 1024)).toBe(1);
});

test("MORTISE_KEEP_MEMORY=0 leaves the allocator as it is", async () => {
  vi.stubEnv("MORTISE_KEEP_MEMORY", "0");
  expect(await longPiecesFor(1024 * 1024)).toBe(0);
});

test("what the allocator learns from takes no memory", async () => {
  const { keepFreedMemory } = await import("../../src/transport/keep-memory.js");
  const before = process.memoryUsage.rss();
  for (let times = 0; times < 3; times++) keepFreedMemory();
  expect(process.memoryUsage.rss() - before).toBeLessThan(8 * 1024 * 1024);
});
