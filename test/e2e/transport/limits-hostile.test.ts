import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { gate } from "../../kit/gate.js";
import { RawHostOver, RawPluginOver } from "../../transport/attackers.js";

gate();
const MIB = 1024 * 1024;

test("a host that opens streams without end has 10,000 at a time; the others are answered BUSY, and its calls go on", async () => {
  let opened = 0;
  const waits = defineContract("waits", { wait: stream<void, string>(), echo: method<string, string>() });
  const wait = (): AsyncIterable<string> => {
    opened++;
    return {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: async () => ({ done: true, value: undefined }) }),
    };
  };
  await using host = await RawHostOver.serve("tcp", [implement(waits, { wait, echo: (text) => text })]);
  const lines = await host.ready();
  for (let id = 2; id < 30_002; id++) lines.send({ jsonrpc: "2.0", id, method: "waits.wait" });
  const answers = new Map<string, number>();
  for (let n = 0; n < 30_000; n++) {
    const { result, error } = await lines.message();
    const kind = result === undefined ? `${error.code} ${error.message}` : "stream";
    answers.set(kind, (answers.get(kind) ?? 0) + 1);
  }
  const busy = 'Cannot run "waits.wait": 10000 streams to the host are open already (limits.maxOpenStreams)';
  expect([...answers]).toEqual(
    expect.arrayContaining([
      ["stream", 10_000],
      [`-32002 ${busy}`, 20_000],
    ]),
  );
  // Handlers of requests that come in one chunk begin before the first of them has opened its stream.
  expect(opened).toBeLessThan(12_000);
  lines.send({ jsonrpc: "2.0", id: 1, method: "waits.echo", params: ["heard"] });
  expect(await lines.message()).toMatchObject({ id: 1, result: "heard" });
  for (let stream = 0; stream < 10_000; stream++) lines.send({ jsonrpc: "2.0", method: "rpc.cancel", params: { stream } });
  lines.send({ jsonrpc: "2.0", id: 2, method: "waits.wait" });
  for (let n = 0; n < 10_000; n++) expect((await lines.message()).method).toBe("rpc.end");
  expect((await lines.message()).result).toEqual({ stream: 10_000 });
});

test("a plugin that lends streams and functions without end has 10,000 of each at a time, and what it sends on them is bounded", async () => {
  const never = defineContract("never", { take: method<unknown, unknown>(), echo: method<string, string>() });
  const provides = [implement(never, { take: () => new Promise(() => {}), echo: (text) => text })];
  await using raw = new RawPluginOver("tcp", { provides, limits: { maxUnreadBytes: 8 * MIB } });
  const { lines, peer } = await raw.ready();
  const lend = (id: number, kind: string, from: number): void => {
    const refs = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`/${n}`, { [kind]: from + n }]));
    lines.send({
      jsonrpc: "2.0",
      id,
      method: "never.take",
      params: [Array(100).fill(null)],
      refs: Object.fromEntries(Object.entries(refs).map(([key, ref]) => [`/0${key}`, ref])),
    });
  };
  for (let call = 0; call < 200; call++) {
    lend(2 * call, "stream", 100 * call);
    lend(2 * call + 1, "function", 100 * call);
  }
  lines.send({ jsonrpc: "2.0", id: 1_000, method: "never.echo", params: ["heard"] });
  const answers: any[] = [];
  for (let message = await lines.message(); message.id !== 1_000; message = await lines.message()) answers.push(message);
  const busy = answers.filter(({ error }) => error?.code === -32002).map(({ error }) => error.message);
  expect([busy.length, new Set(busy)]).toEqual([
    200,
    new Set([
      'Cannot run "never.take": 10000 streams from plugin "raw-plugin" are open already (limits.maxOpenStreams)',
      'Cannot run "never.take": 10000 functions are borrowed from plugin "raw-plugin" already (limits.maxLentFunctions)',
    ]),
  ]);
  expect([peer.openStreams, peer.running]).toEqual([10_000, 200]);
  // Each stream's credit is a mebibyte: 10 GB of them together, were there no other limit.
  const item = "x".repeat(100_000);
  for (let stream = 0; stream < 500; stream++) lines.send({ jsonrpc: "2.0", method: "rpc.item", params: { stream, items: [item] } });
  lines.send({ jsonrpc: "2.0", id: 1_001, method: "never.echo", params: ["heard"] });
  let cancelled = 0;
  for (let message = await lines.message(); message.id !== 1_001; message = await lines.message()) {
    if (message.method === "rpc.cancel" && typeof message.params.stream === "number") cancelled++;
  }
  // 50 MB came, and 8 MiB may wait.
  expect([cancelled, peer.open]).toEqual([500 - Math.floor((8 * MIB) / 100_080), true]);
  lines.destroy();
  await peer.closed;
  expect([peer.openStreams, peer.running]).toEqual([0, 0]);
});
