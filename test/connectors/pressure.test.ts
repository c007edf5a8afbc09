import { expect, test } from "vitest";
import { gate } from "../kit/gate.js";
import { RawWebSocket } from "../transport/raw-websocket.js";
import { connect, dataOf, serve } from "./kit.js";

gate();

const MIB = 1024 * 1024;

test("[R36] an out that nobody reads stops the far sender, within a bound of memory; read again, all comes in order", async () => {
  await using server = await serve({ codec: "binary", preprocessors: [], postprocessors: [] });
  await using sender = await connect(server.url, { codec: "binary", preprocessors: [], postprocessors: [] });
  const data = Buffer.alloc(256 * 1024);
  const meta = { binary: true };
  const memory = (): number => process.memoryUsage().arrayBuffers;
  const before = memory();
  let taken = 0;
  // 50 MiB are offered.
  const sending = (async () => {
    for (let count = 0; count < 200; count++) {
      await sender.connector.send({ data, meta });
      taken++;
    }
  })();
  await standstill(() => taken);
  const held = memory() - before;
  const { out } = server.connector.metrics;
  console.log(`unread: ${out} of 200 events of 256 KiB came, ${taken} were taken, ${(held / MIB).toFixed(1)} MiB are held`);
  // 1 MiB, and a chunk of the socket's.
  expect(out).toBeLessThanOrEqual(8);
  expect(held).toBeLessThan(16 * MIB);
  expect(taken).toBeLessThan(200);
  const events = await server.out.take(200);
  expect(events.every((event) => (event.data as Buffer).length === data.length)).toBe(true);
  await sending;
});

/** Resolves when a count has begun, and does not change any more. */
async function standstill(count: () => number): Promise<void> {
  await expect.poll(count).toBeGreaterThan(0);
  for (let last = -1, quiet = 0; quiet < 5; quiet++) {
    if (last !== count()) quiet = 0;
    last = count();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("[R36] as many small events as come in one chunk may wait, and no more: 8,192 stop the socket", async () => {
  await using server = await serve();
  const raw = await RawWebSocket.connect({ host: "127.0.0.1", port: server.port });
  for (let count = 0; count < 100; count++) raw.text("1\n".repeat(1_000));
  await standstill(() => server.connector.metrics.out);
  // What one read of the socket brings, 64 KiB, is dealt with to its end.
  expect(server.connector.metrics.out).toBeLessThan(8_192 + 65_536 / 2);
  expect(await server.out.take(100_000)).toHaveLength(100_000);
  raw.destroy();
  await raw.closed;
});

test("[R36] a connection that does not read delays no other, and its sends wait", async () => {
  await using server = await serve();
  const slow = await RawWebSocket.connect({ host: "127.0.0.1", port: server.port });
  slow.text('"slow"\n');
  const toSlow = await server.out.next();
  slow.socket.pause();
  let taken = 0;
  const sends = Array.from({ length: 40 }, () => server.connector.send({ ...toSlow, data: "x".repeat(MIB) }).then(() => void taken++));
  const settled = Promise.allSettled(sends);
  await using quick = await connect(server.url);
  await quick.connector.send({ data: "quick" });
  const toQuick = await server.out.next();
  for (let count = 0; count < 1_000; count++) await server.connector.send({ ...toQuick, data: count });
  expect(dataOf(await quick.out.take(1_000))).toEqual(Array.from({ length: 1_000 }, (_, count) => count));
  expect(taken).toBeLessThan(40);
  slow.destroy();
  await settled;
  await slow.closed;
});
