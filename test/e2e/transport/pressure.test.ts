import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { rejection, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { atRest } from "../../kit/own-time.js";
import { RawHostOver, RawPluginOver } from "../../transport/attackers.js";
import { TRANSPORTS } from "../../transport/ends.js";

gate();
const MIB = 1024 * 1024;
const press = defineContract("press", {
  double: method<number, number>(),
  make: method<number, string>(),
  count: stream<number, number>(),
  hold: method<AsyncIterable<unknown>, void>(),
  callBack: method<{ calls: number; items: number; length: number }, { right: number; sum: number; tooLong: unknown }>(),
});
const back = defineContract("back", { double: method<number, number>(), make: method<number, string>(), count: stream<number, number>() });
async function* count(to: number): AsyncGenerator<number> {
  for (let n = 0; n < to; n++) yield n;
}
/** Writes bytes without a newline until the other side takes no more of them. */
function endlessLine(socket: Socket, isWebSocket: boolean, masked = false): void {
  socket.on("error", () => {});
  // One frame that is said to be longer than any, or a line that does not end.
  const head = isWebSocket
    ? Buffer.from([0x81, (masked ? 0x80 : 0) | 127, 0, 0, 0, 0, 0x40, 0, 0, 0, ...(masked ? [0, 0, 0, 0] : [])])
    : "";
  socket.write(head);
  const chunk = Buffer.alloc(MIB, "x");
  const more = (): void => {
    if (socket.destroyed) return;
    if (socket.write(chunk)) setImmediate(more);
    else socket.once("drain", more);
  };
  more();
}

const ITEMS = 100_000;
const SUM = (ITEMS * (ITEMS - 1)) / 2;
const BIG = 100_000;

for (const transport of TRANSPORTS) {
  test(`10,000 calls in flight beside a running stream settle right, and results beyond the limit end neither, over ${transport}`, async () => {
    await using client = await startFixture("presses", { transport, args: [String(BIG)], limits: { maxMessageBytes: BIG } });
    const { double, make, count: read } = await client.dispense(press);
    let sum = 0;
    const reading = (async () => {
      for await (const n of read(ITEMS)) sum += n;
    })();
    const doubled = Promise.all(Array.from({ length: 10_000 }, (_, n) => double(n)));
    expect((await client.client()).counters.pending).toBeGreaterThanOrEqual(10_000);
    const tooLong = await Promise.all([rejection(make(BIG)), rejection(make(10 * BIG)), make(1)]);
    expect(tooLong.map((error: any) => error.code ?? error)).toEqual(["LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "x"]);
    expect(await doubled).toEqual(Array.from({ length: 10_000 }, (_, n) => 2 * n));
    await reading;
    expect([sum, (await client.client()).counters.pending]).toEqual([SUM, 0]);
  });

  test(`10,000 calls of a plugin to its host beside a stream settle right, and a result beyond the limit ends neither, over ${transport}`, async () => {
    const double = async (n: number): Promise<number> => {
      await new Promise((resolve) => setImmediate(resolve));
      return 2 * n;
    };
    const provides = [implement(back, { double, make: (length) => "x".repeat(length), count })];
    await using client = await startFixture("presses", { transport, provides, limits: { maxMessageBytes: BIG } });
    const { callBack } = await client.dispense(press);
    const answer = await callBack({ calls: 10_000, items: ITEMS, length: BIG });
    expect(answer).toMatchObject({ right: 10_000, sum: SUM, tooLong: { code: "LIMIT_EXCEEDED" } });
  });

  test(`[F59] a host that reads nothing while streams and calls go costs a plugin a few MiB, and other connections nothing, over ${transport}`, async () => {
    let produced = 0;
    const flood = async function* (): AsyncGenerator<string> {
      for (;;) {
        produced += 100_000;
        yield "x".repeat(100_000);
      }
    };
    const floods = defineContract("floods", { flood: stream<void, string>(), echo: method<string, string>() });
    await using host = await RawHostOver.serve(transport, [implement(floods, { flood, echo: (text) => text })]);
    const deaf = await host.ready();
    deaf.socket.pause();
    for (let id = 2; id < 52; id++) deaf.send({ jsonrpc: "2.0", id, method: "floods.flood" });
    for (let id = 52; id < 152; id++) deaf.send({ jsonrpc: "2.0", id, method: "floods.echo", params: ["x".repeat(10_000)] });
    // Once it has begun.
    await expect.poll(() => produced).toBeGreaterThan(0);
    await atRest(() => produced);
    // The credit of 50 streams alone would be 50 MiB; what the system takes comes beside the mebibyte at which producers rest.
    expect(produced).toBeLessThan(20 * MIB);
    const other = await host.ready();
    other.send({ jsonrpc: "2.0", id: 2, method: "floods.echo", params: ["heard"] });
    expect(await other.message()).toMatchObject({ id: 2, result: "heard" });
  });

  test(`[F60] a host that sends more of a stream than it was asked for is closed by the plugin, and no other is, over ${transport}`, async () => {
    const takes = defineContract("takes", { take: method<AsyncIterable<unknown>, unknown>(), echo: method<string, string>() });
    const taken: AsyncIterable<unknown>[] = [];
    const take = (items: AsyncIterable<unknown>): Promise<unknown> => {
      taken.push(items);
      return new Promise(() => {});
    };
    await using host = await RawHostOver.serve(transport, [implement(takes, { take, echo: (text) => text })]);
    const [firehose, other] = [await host.ready(), await host.ready()];
    firehose.send({ jsonrpc: "2.0", id: 2, method: "takes.take", params: [null], refs: { "/0": { stream: 0 } } });
    const item = JSON.stringify({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 0, items: Array(100).fill("x") } });
    firehose.text(`${item}\n`.repeat(2_000).slice(0, -1));
    const last = (await firehose.rest()).at(-1);
    expect(last).toMatchObject({ id: null, error: { message: expect.stringContaining("it holds more of a stream than was asked for") } });
    other.send({ jsonrpc: "2.0", id: 2, method: "takes.echo", params: ["heard"] });
    expect(await other.message()).toMatchObject({ id: 2, result: "heard" });
    expect(await rejection(taken[0]?.[Symbol.asyncIterator]().next() as Promise<unknown>)).toMatchObject({ code: "CONNECTION_LOST" });
  });

  test(`an endless line closes its own connection while another plugin's stream and calls go on, over ${transport}`, async () => {
    await using raw = new RawPluginOver(transport);
    await using client = await startFixture("presses", { transport });
    const { lines, peer } = await raw.ready();
    const { double, count: read } = await client.dispense(press);
    let sum = 0;
    const reading = (async () => {
      for await (const n of read(ITEMS)) sum += n;
    })();
    endlessLine(lines.socket, transport === "websocket");
    for (let n = 0; n < 500; n++) expect(await double(n)).toBe(2 * n);
    expect(await peer.closed).toMatchObject({
      kind: "lost",
      error: { code: "PROTOCOL_VIOLATION", message: expect.stringContaining("longer than") },
    });
    await reading;
    expect(sum).toBe(SUM);
  });

  test(`an endless line of a host closes its own connection, and a plugin's other one goes on, over ${transport}`, async () => {
    await using host = await RawHostOver.serve(transport, [implement(back, { double: (n) => 2 * n, make: () => "", count })]);
    const [bad, other] = [await host.ready(), await host.ready()];
    other.send({ jsonrpc: "2.0", id: 2, method: "back.count", params: [5] });
    endlessLine(bad.socket, transport === "websocket", true);
    await bad.gone;
    expect(host.logger.text).toContain("it is longer than 33554432 bytes");
    other.send({ jsonrpc: "2.0", id: 3, method: "back.double", params: [21] });
    const answers = [await other.message(), await other.message(), await other.message(), await other.message()];
    expect(answers).toContainEqual({ jsonrpc: "2.0", id: 3, result: 42 });
    expect(answers).toContainEqual({ jsonrpc: "2.0", method: "rpc.item", params: { stream: 0, items: [0, 1, 2, 3, 4] } });
  });
}

test("[F60] a firehose whose reader is slow yields no more than its credit, either way, and calls beside it are answered", async () => {
  await using client = await startFixture("presses");
  const { double, hold, count: read } = await client.dispense(press);
  let produced = 0;
  const source = async function* (): AsyncGenerator<number> {
    for (;;) yield produced++;
  };
  const controller = new AbortController();
  const held = rejection(hold(source(), { signal: controller.signal }));
  const slow = read(Number.MAX_SAFE_INTEGER)[Symbol.asyncIterator]();
  expect(await slow.next()).toEqual({ done: false, value: 0 });
  for (let n = 0; n < 1_000; n++) expect(await double(n)).toBe(2 * n);
  // All that may be sent has been: 256 items, and none for the one that was read, which is not half of them.
  expect(produced).toBe(256);
  const { counters } = await client.client();
  for (let n = 1; n < 200; n++) expect((await slow.next()).value).toBe(n);
  expect((await client.client()).counters.received - counters.received).toBeLessThan(200);
  controller.abort();
  await Promise.all([held, slow.return?.()]);
});
