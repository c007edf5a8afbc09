import { expect, test } from "vitest";
import { defineContract, implement, stream } from "../../../src/index.js";
import { connectInMemory } from "../../../src/testing/index.js";
import { systemClock } from "../../../src/util/clock.js";
import { recordsOf } from "../../kit/options.js";
import { scripted, settled } from "../../kit/script-channel.js";

const source = defineContract("source", { read: stream<unknown, unknown>() });

/** So many streams of endless sources, and the test as the reader of them all. */
async function writers(count: number, item: unknown) {
  const produced: number[] = Array(count).fill(0);
  let next = 0;
  const read = async function* (): AsyncGenerator<unknown> {
    const own = next++;
    for (;;) {
      produced[own] = (produced[own] ?? 0) + 1;
      yield item;
    }
  };
  const side = scripted({ clock: systemClock });
  side.connection.provide(recordsOf([implement(source, { read })]));
  for (let id = 0; id < count; id++) side.channel.say({ jsonrpc: "2.0", id, method: "source.read" });
  const total = (): number => produced.reduce((sum, one) => sum + one, 0);
  return { ...side, produced, total };
}

test("producers pause while more than 1 MiB is unsent, and go on once that is with the system", async () => {
  const { channel, total, connection } = await writers(100, "x".repeat(10_000));
  channel.unsent = 2 * 1024 * 1024;
  await settled();
  await settled();
  const paused = total();
  // 100 times the credit would be 100 MiB.
  expect(paused * 10_000).toBeLessThan(3 * 1024 * 1024);
  await settled();
  expect(total()).toBe(paused);
  channel.drained();
  await settled();
  expect(total()).toBeGreaterThan(paused);
  await connection.close();
});

test("producers that pause go on although a busy connection is never quite drained", async () => {
  const { channel, total, connection } = await writers(1, "x".repeat(100_000));
  channel.unsent = 2 * 1024 * 1024;
  await settled();
  await settled();
  const paused = total();
  // What was unsent then has been handed over; what is unsent now came after it.
  channel.unsent = 1;
  channel.say({ jsonrpc: "2.0", id: "ping", method: "rpc.ping" });
  await settled();
  expect(total()).toBeGreaterThan(paused);
  await connection.close();
});

test("sources that never wait let timers and sockets have their turn, whatever credit they have", async () => {
  const { channel, total, connection } = await writers(1, 1);
  await settled();
  expect(total()).toBe(256);
  channel.say({ jsonrpc: "2.0", method: "rpc.credit", params: { stream: 0, items: 2 ** 52, bytes: 2 ** 52 } });
  for (let turn = 0; turn < 10; turn++) await settled();
  expect(total()).toBeLessThan(100_000);
  await connection.close();
});

test("a thousand streams share their turns: none is far ahead of another", async () => {
  const { produced, total, connection } = await writers(1_000, 1);
  while (total() < 100_000) await settled();
  expect(Math.max(...produced) - Math.min(...produced)).toBeLessThan(16);
  await connection.close();
});

test("1,000 streams at once over one connection are all read to their ends, and calls are answered between", async () => {
  const count = defineContract("count", { to: stream<number, number>() });
  const host = await connectInMemory({
    provides: [
      implement(count, {
        async *to(last) {
          for (let n = 0; n < last; n++) yield n;
        },
      }),
    ],
  });
  const { to } = host.dispense(count);
  const progress: number[] = Array(1_000).fill(0);
  let furthestBehind = 0;
  const read = async (own: number): Promise<void> => {
    for await (const n of to(1_000)) {
      progress[own] = n;
      // Looked at now and then: every item would cost more than the test.
      if (own === 0 && n % 100 === 0) furthestBehind = Math.max(furthestBehind, n - Math.min(...progress));
    }
  };
  const reading = Promise.all(progress.map((_, own) => read(own)));
  expect(await host.ping()).toBeGreaterThan(0);
  await reading;
  expect(new Set(progress)).toEqual(new Set([999]));
  // No stream is left behind by more than it has credit for.
  expect(furthestBehind).toBeLessThanOrEqual(512);
  await host.close();
});
