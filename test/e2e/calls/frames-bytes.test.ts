import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { memoryLogger, rejection, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const KIB = 1024;
type Bytes = Uint8Array;
const bytes = defineContract("bytes", {
  echo: method<{ data: Bytes }, { data: Bytes }>(),
  items: stream<{ data?: Bytes; length?: number; count: number }, { data: Bytes }>(),
  scratch: stream<{ length: number; count: number }, Bytes>(),
  sums: method<AsyncIterable<Bytes>, number[][]>(),
  callback: method<{ data: Bytes; back: (data: Bytes) => Bytes }, Bytes>(),
  askHost: method<Bytes, Bytes>(),
  make: method<number, Bytes>(),
});
const ui = defineContract("ui", { echo: method<Bytes, Bytes>() });

/** Bytes that tell where they are. */
function pattern(length: number): Bytes {
  const made = new Uint8Array(length);
  for (let at = 0; at < length; at++) made[at] = (at * 31 + (at >> 11)) & 255;
  return made;
}

const same = (left: Bytes, right: Bytes): boolean => Buffer.compare(left, right) === 0;

for (const transport of ["tcp", "unix", "websocket"] as const) {
  test(`bytes of 0 to 16 MiB arrive equal in inputs, results, items and callbacks, both ways, over ${transport}`, async () => {
    const provides = [implement(ui, { echo: (data) => data })];
    await using client = await startFixture("carries-bytes", { transport, provides });
    const plugin = await client.dispense(bytes);
    for (const length of [0, 1, 64 * KIB, 1024 * KIB, 16 * 1024 * KIB]) {
      const data = pattern(length);
      const { data: echoed } = await plugin.echo({ data });
      expect(Object.getPrototypeOf(echoed)).toBe(Uint8Array.prototype);
      expect(same(echoed, data), `${length} echoed`).toBe(true);
      let count = 0;
      for await (const item of plugin.items({ data, count: 2 })) if (same(item.data, data)) count++;
      expect(count, `items of ${length}`).toBe(2);
      let given: Bytes | undefined;
      const answered = await plugin.callback({ data, back: (got) => (given = got) });
      expect(same(given as Bytes, data) && same(answered, data), `${length} called back`).toBe(true);
      expect(same(await plugin.askHost(data), data), `${length} asked`).toBe(true);
    }
  });
}

for (const transport of ["tcp", "unix", "websocket"] as const) {
  test(`who yields one item after another may use the same memory for all of them, over ${transport}`, async () => {
    await using client = await startFixture("carries-bytes", { transport });
    const { scratch, sums } = await client.dispense(bytes);
    for (const length of [1, 20 * KIB, 300 * KIB]) {
      const expected = Array.from({ length: 12 }, (_, index) => [length, index + 1]);
      const got: number[][] = [];
      for await (const data of scratch({ length, count: 12 })) got.push([data.length, ...new Set(data)]);
      expect(got).toEqual(expected);
      const reused = new Uint8Array(length);
      const ours = async function* (): AsyncGenerator<Bytes> {
        for (let n = 1; n <= 12; n++) yield reused.fill(n);
      };
      expect(await sums(ours())).toEqual(expected);
    }
  });

  test(`bytes of a call that was given up may be transferred at once, and harm nobody, over ${transport}`, async () => {
    await using client = await startFixture("carries-bytes", { transport });
    const { echo } = await client.dispense(bytes);
    for (const given of ["aborted", "timed out", "not at all"]) {
      const data = pattern(16 * 1024 * KIB);
      const others = pattern(64 * KIB);
      const call = echo({ data }, given === "aborted" ? { signal: AbortSignal.timeout(1) } : given === "timed out" ? { timeoutMs: 1 } : {});
      call.catch(() => {});
      const other = echo({ data: others });
      // Otherwise it is a fault of the caller's, which costs that call its bytes, and nobody else anything.
      if (given !== "not at all") await rejection(call);
      else await new Promise((resolve) => process.nextTick(resolve));
      structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
      expect(same((await other).data, others), given).toBe(true);
    }
    const last = pattern(1024 * KIB);
    expect(same((await echo({ data: last })).data, last)).toBe(true);
  });

  test(`bytes that arrived together can be transferred one by one, over ${transport}`, async () => {
    await using client = await startFixture("carries-bytes", { transport });
    const { echo } = await client.dispense(bytes);
    const sent = [pattern(40 * KIB), pattern(40 * KIB), pattern(10)];
    const { data } = await echo({ data: sent as never });
    const arrived = data as unknown as Bytes[];
    for (const [index, each] of arrived.entries()) {
      expect(same(each, sent[index] as Bytes)).toBe(true);
      structuredClone(each.buffer, { transfer: [each.buffer as ArrayBuffer] });
    }
  });
}

test("[F54] more raw bytes than the limit are LIMIT_EXCEEDED on the side that made them, and the connection lives", async () => {
  const limits = { maxMessageBytes: 64 * KIB };
  const logger = memoryLogger();
  await using client = await startFixture("carries-bytes", { limits, logger, args: [String(64 * KIB)] });
  const plugin = await client.dispense(bytes);
  expect((await plugin.echo({ data: new Uint8Array(512 * KIB) })).data.length).toBe(512 * KIB);
  const ours = await rejection(plugin.echo({ data: new Uint8Array(512 * KIB + 1) }));
  const more = "are more than 524288 (8 times maxMessageBytes)";
  expect([ours["code"], ours.message]).toEqual(["LIMIT_EXCEEDED", `Cannot call "bytes.echo": the bytes in its input ${more}`]);
  const theirs = await rejection(plugin.make(512 * KIB + 1));
  expect(theirs["code"]).toBe("LIMIT_EXCEEDED");
  expect(theirs.message).toContain(`Cannot answer "bytes.make": the bytes in its result ${more}`);
  expect((await plugin.make(512 * KIB)).length).toBe(512 * KIB);
  const items = plugin.items({ length: 512 * KIB + 1, count: 1 })[Symbol.asyncIterator]();
  const item = await rejection(items.next());
  expect(item["code"]).toBe("LIMIT_EXCEEDED");
  expect(item.message).toContain(`Cannot send an item of "bytes.items": the bytes in it ${more}`);
});

test("many calls with bytes and without, in one tick, arrive in order and whole", async () => {
  await using client = await startFixture("carries-bytes");
  const plugin = await client.dispense(bytes);
  const data = Array.from({ length: 300 }, (_, index) => pattern((index * 7919) % 50_000));
  const results = await Promise.all(data.map((one) => plugin.echo({ data: one })));
  expect(results.every((result, index) => same(result.data, data[index] as Bytes))).toBe(true);
});
