import { expect, test } from "vitest";
import { defineContract, implement, method, notification, stream } from "../../src/index.js";
import { detached } from "../kit/detached.js";
import { rejection } from "../kit/fixtures.js";
import { recordsOf } from "../kit/options.js";
import { type PairOptions, peerPair } from "../kit/peer-pair.js";
import { scripted } from "../kit/script-channel.js";

const files = defineContract("files", {
  echo: method<any, any>(),
  note: notification<any>(),
  read: stream<any, any>(),
});

function scene(options: Pick<PairOptions, "values"> = {}) {
  const noted: unknown[] = [];
  const echo = (value: unknown): unknown => value;
  const pair = peerPair({
    ...options,
    provides: [
      implement(files, {
        echo,
        note: (value) => void noted.push(value),
        async *read(value) {
          yield value;
          yield [value];
        },
      }),
    ],
  });
  return { ...pair, noted, remote: pair.host.dispense(files) };
}
const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);

test.each([
  ["an input that is bytes", bytes, bytes],
  ["a Buffer, which arrives as a Uint8Array", { data: Buffer.from(bytes) }, { data: bytes }],
  ["a part of a Buffer", Buffer.from("hello").subarray(1, 3), Uint8Array.of(101, 108)],
  ["no bytes at all", [new Uint8Array(0)], [new Uint8Array(0)]],
  ["bytes at the root of an array of one", [bytes], [bytes]],
  ["bytes under names with / and ~", { "a/b": { "~1": [bytes] }, "": bytes }, { "a/b": { "~1": [bytes] }, "": bytes }],
  ["the same bytes twice", [bytes, { again: bytes }], [bytes, { again: bytes }]],
  ["bytes beside what looks like a ref", { like: { bytes: "AAAA", stream: 1 }, bytes }, { like: { bytes: "AAAA", stream: 1 }, bytes }],
  ["bytes that a toJSON gives", { toJSON: () => ({ bytes }) }, { bytes }],
])("%s: a copy arrives in an input, a result and an item", async (_what, value, arrived) => {
  const { remote, host, plugin } = scene();
  const result = await remote.echo(value);
  const items: unknown[] = [];
  for await (const item of remote.read(value)) items.push(item);
  expect([result, items]).toStrictEqual([arrived, [arrived, [arrived]]]);
  expect([host.peer.open, plugin.peer.open]).toEqual([true, true]);
  await host.close();
});

test("a notification may hold bytes", async () => {
  const { remote, noted, host } = scene();
  await remote.note({ at: [bytes] });
  await host.call("rpc.ping");
  expect(noted).toStrictEqual([{ at: [bytes] }]);
  await host.close();
});

test("own members called __proto__ cross with bytes in them, and pollute nothing", async () => {
  const { remote, host } = scene();
  const input = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
  Object.defineProperty(input, "__proto__", { value: { polluted: 1, bytes }, enumerable: true });
  const result = (await remote.echo(input)) as object;
  expect(Object.entries(result)).toStrictEqual([
    ["__proto__", { polluted: 1, bytes }],
    ["constructor", { prototype: { polluted: 1 } }],
  ]);
  expect([Object.getPrototypeOf(result), ({} as { polluted?: unknown }).polluted]).toEqual([Object.prototype, undefined]);
  await host.close();
});

test("beside bytes as without them: undefined is left out, and a Date is a string", async () => {
  const { remote, host } = scene();
  const odd = { nothing: undefined, at: new Date(0) };
  const plain = { at: "1970-01-01T00:00:00.000Z" };
  expect([await remote.echo(odd), await remote.echo({ ...odd, bytes })]).toStrictEqual([plain, { ...plain, bytes }]);
  await host.close();
});

test("where values are JSON's own, it makes of them what it makes: other typed arrays objects, a Map an empty one, NaN null", async () => {
  const { remote, host } = scene({ values: "json" });
  const odd = { nothing: undefined, at: new Date(0), floats: Float32Array.of(0.5), map: new Map([[1, 2]]), nan: Number.NaN };
  const plain = { at: "1970-01-01T00:00:00.000Z", floats: { 0: 0.5 }, map: {}, nan: null };
  expect([await remote.echo(odd), await remote.echo({ ...odd, bytes })]).toStrictEqual([plain, { ...plain, bytes }]);
  await host.close();
});

test("what arrives is a copy with memory of its own", async () => {
  const { remote, host } = scene();
  const sent = Uint8Array.of(1, 2, 3);
  const call = remote.echo(sent);
  sent[0] = 9;
  const result = (await call) as Uint8Array;
  expect([[...result], result.buffer.byteLength]).toEqual([[1, 2, 3], 3]);
  await host.close();
});

test("a call with bytes names them in refs, and one without has none", async () => {
  const { connection, channel } = scripted();
  void connection.call("files.echo", { a: Uint8Array.of(1) });
  void connection.call("files.echo", Uint8Array.of(1));
  void connection.call("files.echo", { bytes: "AQ==" });
  expect(channel.take()).toEqual([
    { jsonrpc: "2.0", id: 0, method: "files.echo", params: { a: null }, refs: { "/a": { bytes: "AQ==" } } },
    { jsonrpc: "2.0", id: 1, method: "files.echo", params: [null], refs: { "/0": { bytes: "AQ==" } } },
    { jsonrpc: "2.0", id: 2, method: "files.echo", params: { bytes: "AQ==" } },
  ]);
});

test("bytes beyond the limit of a message are refused LIMIT_EXCEEDED where they were made", async () => {
  const { connection, channel } = scripted({ limits: { maxMessageBytes: 2_000 } });
  await expect(connection.call("files.echo", new Uint8Array(1_500))).rejects.toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: 'Cannot call "files.echo": its input is longer than 2000 bytes',
  });
  expect([channel.take(), connection.peer.pending]).toEqual([[], 0]);
});

test("[F57] bytes whose memory was transferred fail what holds them, wherever that is, and nothing else", async () => {
  const { remote, host, plugin } = scene();
  const problem = "bytes without memory: that was transferred, or shrunk";
  const ask = defineContract("ask", { call: method<any, any>() });
  plugin.provide(recordsOf([implement(ask, { call: ({ give }) => give() })]));
  host.learn({ provided: [...host.provided, { name: "ask", members: { call: { kind: "method" } } }] });
  const { call } = host.dispense(ask);
  expect((await rejection(call({ give: () => detached() }))).message).toContain(problem);
  expect((await rejection(remote.echo({ b: detached() }))).message).toContain(problem);
  expect((await rejection(remote.note({ b: detached() }))).message).toContain(problem);
  const shrunk = new (ArrayBuffer as any)(8, { maxByteLength: 8 });
  const view = new Uint8Array(shrunk, 4, 4);
  shrunk.resize(2);
  expect((await rejection(remote.echo(view))).message).toContain(problem);
  expect([await remote.echo(new Uint8Array(0)), host.peer.open, plugin.peer.open]).toEqual([new Uint8Array(0), true, true]);
  await host.close();
});

test("[F57] a stream whose item is such bytes fails, and the connection lives", async () => {
  const list = defineContract("list", { items: stream<void, any>() });
  const items = async function* () {
    yield 1;
    yield { bytes: detached() };
  };
  const { host, plugin } = peerPair({ provides: [implement(list, { items })] });
  const read: unknown[] = [];
  const all = async (): Promise<void> => {
    for await (const item of host.dispense(list).items()) read.push(item);
  };
  expect(await rejection(all())).toMatchObject({ code: "INVALID_OUTPUT", issues: [{ path: ["bytes"] }] });
  expect([read, host.peer.open, plugin.peer.open]).toEqual([[1], true, true]);
  await host.close();
});
