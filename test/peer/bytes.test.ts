import { expect, test } from "vitest";
import { defineContract, implement, method, notification, stream } from "../../src/index.js";
import { peerPair } from "../kit/peer-pair.js";
import { scripted } from "../kit/script-channel.js";

const files = defineContract("files", {
  echo: method<any, any>(),
  note: notification<any>(),
  read: stream<any, any>(),
});

function scene() {
  const noted: unknown[] = [];
  const echo = (value: unknown): unknown => value;
  const pair = peerPair({
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

test("beside bytes as without them: undefined is left out, a Date is a string, other typed arrays are objects, a Map is empty", async () => {
  const { remote, host } = scene();
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
