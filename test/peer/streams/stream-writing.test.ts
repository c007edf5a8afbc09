import { expect, test } from "vitest";
import { defineContract, implement, stream } from "../../../src/index.js";
import type { Limits } from "../../../src/wire/limits.js";
import { recordsOf } from "../../kit/options.js";
import { scripted, settled } from "../../kit/script-channel.js";

const source = defineContract("source", { read: stream<any, unknown>() });

/** A side whose `source.read` yields what the test says, opened as stream 0, with the test as its reader. */
async function writer(read: () => AsyncIterable<unknown>, limits: Limits = {}) {
  const side = scripted({ limits });
  side.connection.provide(recordsOf([implement(source, { read })]));
  side.channel.say({ jsonrpc: "2.0", id: 0, method: "source.read" });
  await settled();
  const sent = side.channel.sent.splice(0);
  expect(JSON.parse(sent.shift() as string)).toEqual({ jsonrpc: "2.0", id: 0, result: { stream: 0 } });
  const credit = async (items: number, bytes: number): Promise<string[]> => {
    side.channel.say({ jsonrpc: "2.0", method: "rpc.credit", params: { stream: 0, items, bytes } });
    await settled();
    return side.channel.sent.splice(0);
  };
  return { ...side, first: sent, credit, peer: side.connection.peer };
}
async function* count(): AsyncGenerator<number> {
  for (let n = 0; ; n++) yield n;
}
const itemsOf = (texts: readonly string[]): unknown[] => texts.flatMap((text) => JSON.parse(text).params.items ?? []);
const endOf = (texts: readonly string[]): any => JSON.parse(texts.at(-1) as string);

test("a writer whose reader gives no credit sends 256 items, then none, and so many more as it is given", async () => {
  const { first, credit, channel } = await writer(count);
  expect(itemsOf(first)).toEqual(Array.from({ length: 256 }, (_, n) => n));
  expect(first.length).toBe(1);
  await settled();
  expect(channel.sent).toEqual([]);
  expect(itemsOf(await credit(2, 100))).toEqual([256, 257]);
  expect(itemsOf(await credit(0, 100))).toEqual([]);
  expect(itemsOf(await credit(1, 0))).toEqual([258]);
});

test("a writer stops once it has sent 1 MiB, whole messages counted in bytes of UTF-8; one item may exceed", async () => {
  // 3 bytes a character: 10,002 bytes an item, of which 105 make more than 1 MiB with what stands around them.
  const { first, credit } = await writer(async function* () {
    for (;;) yield "€".repeat(3_333);
  });
  const bytes = first.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  expect(bytes).toBeGreaterThan(1024 * 1024);
  const lastItem = Buffer.byteLength(JSON.stringify("€".repeat(3_333)));
  expect(bytes - lastItem).toBeLessThan(1024 * 1024);
  expect(await credit(0, bytes - 1024 * 1024)).toEqual([]);
  expect(itemsOf(await credit(0, 1)).length).toBe(1);
});

test("an item of many megabytes leaves by itself, and what was yielded before it leaves first", async () => {
  const { first } = await writer(async function* () {
    yield 1;
    yield "x".repeat(3 * 1024 * 1024);
    yield 2;
  });
  expect(first.map((text) => JSON.parse(text).params.items.length)).toEqual([1, 1]);
});

test("items that are small enough each are never more than a message together", async () => {
  const limits = { maxMessageBytes: 2_000 };
  const { first } = await writer(async function* () {
    for (let n = 0; n < 100; n++) yield "é".repeat(400);
  }, limits);
  expect(itemsOf(first).length).toBe(100);
  expect(Math.max(...first.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(2_000);
});

test.each([
  ["too long", "x".repeat(3_000), { code: -32004, message: 'Cannot send an item of "source.read": it is longer than 2000 bytes' }],
  [
    "a BigInt",
    { a: 5n },
    { code: -32005, message: 'Cannot send an item of "source.read": what is at "/a" is a BigInt, which JSON cannot carry' },
  ],
  ["a symbol", Symbol("s"), { code: -32005, message: 'Cannot send an item of "source.read": it is a symbol, which JSON cannot carry' }],
  [
    "a function",
    { "a/b": [() => {}] },
    {
      code: -32005,
      message:
        'Cannot send an item of "source.read": what is at "/a~1b/0" is a function, and only the input of a method or a stream may carry those',
    },
  ],
])(
  "[F57] an item that is %s ends the stream after those before it, closes the source, and the connection lives",
  async (_what, item, error) => {
    let closed = false;
    const { first, peer, logger } = await writer(
      async function* () {
        try {
          yield 1;
          yield item;
          yield 2;
        } finally {
          closed = true;
        }
      },
      { maxMessageBytes: 2_000 },
    );
    expect(itemsOf(first)).toEqual([1]);
    expect(endOf(first)).toMatchObject({ method: "rpc.end", params: { stream: 0, error } });
    expect([closed, peer.open, peer.running, peer.openStreams]).toEqual([true, true, 0, 0]);
    expect(logger.records).toEqual([
      { level: "warn", message: 'The stream "source.read" failed', fields: { error: expect.objectContaining({ message: error.message }) } },
    ]);
  },
);

test("an item that is undefined is null, and one of bytes is base64 where its refs say", async () => {
  const { first } = await writer(async function* () {
    yield undefined;
    yield { "a/b": Buffer.from("hello") };
    yield Uint8Array.of(255);
  });
  expect(first.map((text) => JSON.parse(text))).toEqual([
    { jsonrpc: "2.0", method: "rpc.item", params: { stream: 0, items: [null] } },
    {
      jsonrpc: "2.0",
      method: "rpc.item",
      params: { stream: 0, items: [{ "a/b": null }] },
      refs: { "/items/0/a~1b": { bytes: "aGVsbG8=" } },
    },
    { jsonrpc: "2.0", method: "rpc.item", params: { stream: 0, items: [null] }, refs: { "/items/0": { bytes: "/w==" } } },
    { jsonrpc: "2.0", method: "rpc.end", params: { stream: 0 } },
  ]);
});

test("what a source throws ends the stream with it, however deep its data is", async () => {
  const { first } = await writer(async function* () {
    yield 1;
    throw Object.assign(new RangeError("no more"), { code: "EMPTY", data: JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`) });
  });
  expect(itemsOf(first)).toEqual([1]);
  // The other side would close the connection on a message that is nested so deep.
  expect(endOf(first).params).toEqual({
    stream: 0,
    error: { code: -32000, message: "no more", data: { name: "RangeError", code: "EMPTY" } },
  });
});

test.each([
  ["plain items", (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels))],
  [
    "items with bytes",
    (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels), (_, v) => (v.length === 0 ? [Uint8Array.of(1)] : v)),
  ],
])("[F53] %s may be nested 61 levels, which are 64 in their message, and one more ends the stream", async (_what, nested) => {
  const { first } = await writer(async function* () {
    yield nested(61);
    yield nested(62);
  });
  expect(JSON.stringify(itemsOf(first)[0])).toMatch(/^\[{61}(null)?\]{61}$/);
  expect(itemsOf(first)).toHaveLength(1);
  expect(endOf(first).params.error).toMatchObject({ code: -32005, message: expect.stringContaining("it is nested deeper than 61 levels") });
});

test.each([5, null, undefined, "text"])("a source whose next() gives %j, and no object, ends as in `for await`", async (step) => {
  const { first, peer } = await writer(() => ({ [Symbol.asyncIterator]: () => ({ next: async () => step as never }) }));
  expect(itemsOf(first)).toEqual([]);
  const message = `Iterator result ${step} is not an object`;
  expect(endOf(first).params.error).toMatchObject({ message, data: { name: "TypeError" } });
  expect([peer.running, peer.openStreams]).toEqual([0, 0]);
});

test("a source that cannot even be iterated ends the stream with what it throws", async () => {
  const { first, peer } = await writer(() => ({
    [Symbol.asyncIterator]() {
      throw new Error("not iterable today");
    },
  }));
  expect(endOf(first).params).toMatchObject({ stream: 0, error: { code: -32000, message: "not iterable today" } });
  expect([peer.running, peer.openStreams]).toEqual([0, 0]);
});

test("a source that throws while it is closed is closed", async () => {
  const { channel, peer } = await writer(async function* () {
    try {
      for (;;) yield 1;
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what this test is about.
      throw new Error("not so");
    }
  });
  channel.say({ jsonrpc: "2.0", method: "rpc.cancel", params: { stream: 0 } });
  await settled();
  expect([endOf(channel.sent), peer.running, peer.openStreams]).toEqual([
    { jsonrpc: "2.0", method: "rpc.end", params: { stream: 0 } },
    0,
    0,
  ]);
});

test("a source that waits for its next item is closed when its reader stops, whatever schema its items have", async () => {
  let close: (() => void) | undefined;
  const events: AsyncIterable<unknown> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise((resolve) => (close = () => resolve({ done: true, value: undefined }))),
      return: async () => {
        close?.();
        return { done: true, value: undefined };
      },
    }),
  };
  const item: any = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } };
  const checked = defineContract("checked", { read: stream({ output: item }) });
  const { connection, channel } = scripted();
  connection.provide(recordsOf([implement(checked, { read: () => events })]));
  channel.say({ jsonrpc: "2.0", id: 0, method: "checked.read" });
  await settled();
  expect([connection.peer.running, connection.peer.openStreams]).toEqual([1, 1]);
  channel.say({ jsonrpc: "2.0", method: "rpc.cancel", params: { stream: 0 } });
  await settled();
  expect([connection.peer.running, connection.peer.openStreams]).toEqual([0, 0]);
});

test("a stopped stream runs on until its finally has, and a drain waits for that", async () => {
  let release = (): void => {};
  const { channel, peer } = await writer(async function* () {
    try {
      for (;;) yield 1;
    } finally {
      await new Promise<void>((resolve) => (release = resolve));
    }
  });
  channel.take();
  channel.say({ jsonrpc: "2.0", method: "rpc.cancel", params: { stream: 0 } });
  await settled();
  expect([endOf(channel.sent).method, peer.openStreams, peer.running]).toEqual(["rpc.end", 0, 1]);
  let drained = false;
  const draining = peer.drain(1_000).then(() => (drained = true));
  await settled();
  expect(drained).toBe(false);
  release();
  await draining;
  expect(peer.running).toBe(0);
});

test("a stream that is called off before it is open is never begun", async () => {
  let begun = false;
  const read = async function* (): AsyncGenerator<number> {
    begun = true;
    yield 1;
  };
  const { connection, channel } = scripted();
  connection.provide(recordsOf([implement(source, { read })]));
  channel.say({ jsonrpc: "2.0", id: 0, method: "source.read" }, { jsonrpc: "2.0", method: "rpc.cancel", params: { id: 0 } });
  await settled();
  expect(channel.take()).toEqual([
    { jsonrpc: "2.0", id: 0, error: { code: -32800, message: "The call was ended: the caller cancelled it" } },
  ]);
  expect([begun, connection.peer.running, connection.peer.openStreams]).toEqual([false, 0, 0]);
});

test("credit that is no number of items and bytes gives none", async () => {
  const { channel, credit } = await writer(count);
  for (const params of [undefined, null, [], { stream: 0 }, { stream: 0, items: -1, bytes: -1 }, { stream: 0, items: "5", bytes: 0.5 }]) {
    channel.say({ jsonrpc: "2.0", method: "rpc.credit", ...(params === null ? {} : { params }) });
  }
  await settled();
  expect(channel.sent).toEqual([]);
  expect(itemsOf(await credit(1, 1))).toEqual([256]);
});
