import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { rejection, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { atRest } from "../../kit/own-time.js";
import { RawHost } from "../../kit/raw/raw-host.js";
import { RawPlugin } from "../../kit/raw/raw-plugin.js";

gate();
const streams = defineContract("streams", {
  count: stream<{ name?: string; to?: number }, number>(),
  fill: stream<{ length: number }, string>(),
  first: method<AsyncIterable<unknown>, unknown>(),
  closed: method<void, string[]>(),
});

for (const transport of ["tcp", "unix", "websocket"] as const) {
  test(`1,000 streams at once over one connection come each to its own end, over ${transport}`, async () => {
    const client = await startFixture("streams", { transport });
    const { count, closed } = await client.dispense(streams);
    const read = async (own: number): Promise<number> => {
      let sum = 0;
      for await (const n of count({ to: own })) sum += n;
      return sum;
    };
    const sums = await Promise.all(Array.from({ length: 1_000 }, (_, own) => read(own + 1)));
    expect(sums).toEqual(Array.from({ length: 1_000 }, (_, own) => (own * (own + 1)) / 2));
    expect((await closed()).length).toBe(1_000);
    await client.kill();
  });
}

test("[F60] streams that nobody reads on cost their credit, and calls on the same connection wait for none of them", async () => {
  const client = await startFixture("streams");
  const { fill, closed } = await client.dispense(streams);
  const connection = await client.client();
  const stalled = Array.from({ length: 20 }, () => fill({ length: 100_000 })[Symbol.asyncIterator]());
  await Promise.all(stalled.map((one) => one.next()));
  const received = (): number => (connection as unknown as { peer: { counters: { bytesReceived: number } } }).peer.counters.bytesReceived;
  // A call is answered while they send what they may; and then nothing comes but answers.
  await closed();
  await expect.poll(received).toBeGreaterThan(20 * 1_000_000);
  const before = await atRest(received);
  expect(before).toBeLessThan(20 * (1024 * 1024 + 200_000));
  for (let n = 0; n < 200; n++) await connection.ping();
  expect(received() - before).toBeLessThan(200 * 64);
  await Promise.all(stalled.map((one) => one.return?.()));
  await client.kill();
});

test("[F59] a plugin that reads nothing pauses the sources of its host, and memory stays where it was", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  socket.socket.pause();
  const sent: number[] = [];
  const source = async function* (own: number): AsyncGenerator<string> {
    for (;;) {
      sent[own] = (sent[own] ?? 0) + 100_000;
      yield "x".repeat(100_000);
    }
  };
  const calls = Array.from({ length: 50 }, (_, own) => connection.call("raw.take", source(own)).catch((error: Error) => error));
  const total = (): number => sent.reduce((sum, one) => sum + one, 0);
  // Until nothing more is produced; what the system takes, a few megabytes, comes first.
  // The credit of 50 streams alone would be 50 MiB.
  expect(await atRest(total)).toBeLessThan(20 * 1024 * 1024);
  socket.socket.resume();
  await connection.close();
  expect(new Set((await Promise.all(calls)).map((error: any) => error.code))).toEqual(new Set(["CONNECTION_CLOSED"]));
  plugin.exit();
  await client.closed;
});

test("a host that gives no credit gets 256 items of a plugin's stream, and none after", async () => {
  const numbers = defineContract("numbers", { all: stream<void, number>() });
  const all = async function* (): AsyncGenerator<number> {
    for (let n = 0; ; n++) yield n;
  };
  await using host = await RawHost.serve([implement(numbers, { all })]);
  const socket = await host.ready();
  socket.send({ jsonrpc: "2.0", id: 2, method: "numbers.all" });
  expect((await socket.message()).result).toEqual({ stream: 0 });
  const items: number[] = [];
  while (items.length < 256) items.push(...(await socket.message()).params.items);
  socket.send({ jsonrpc: "2.0", id: 3, method: "rpc.ping" });
  expect(await socket.message()).toMatchObject({ id: 3, result: "pong" });
  socket.send({ jsonrpc: "2.0", method: "rpc.credit", params: { stream: 0, items: 3, bytes: 10 } });
  expect((await socket.message()).params.items).toEqual([256, 257, 258]);
  socket.send({ jsonrpc: "2.0", method: "rpc.cancel", params: { stream: 0 } });
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", method: "rpc.end", params: { stream: 0 } });
  expect(items).toEqual(Array.from({ length: 256 }, (_, n) => n));
});

test("[F60] a plugin that sends more of a stream than it was asked for is closed, and another is not slowed", async () => {
  const raw = defineContract("raw", { flood: stream<void, string>() });
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const other = await startFixture("streams");
  const [socket, connection] = await Promise.all([plugin.ready("raw", { flood: "stream" }), client.client()]);
  const { count } = await other.dispense(streams);
  const flooded = connection.dispense(raw).flood()[Symbol.asyncIterator]();
  const first = flooded.next();
  socket.send({ jsonrpc: "2.0", id: (await socket.message()).id, result: { stream: 0 } });
  socket.send({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 0, items: ["first"] } });
  expect(await first).toEqual({ done: false, value: "first" });
  const flood = `${JSON.stringify({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 0, items: Array(100).fill("x") } })}\n`;
  socket.write(flood.repeat(2_000));
  let read = 0;
  for await (const _ of count({ to: 20_000 })) read++;
  expect(read).toBe(20_000);
  expect(await connection.closed).toMatchObject({
    kind: "lost",
    error: { code: "PROTOCOL_VIOLATION", message: expect.stringContaining("it holds more of a stream than was asked for") },
  });
  expect(await rejection(flooded.next())).toMatchObject({ code: "CONNECTION_LOST" });
  plugin.exit();
  await client.closed;
  await other.kill();
});
