import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { defineContract, method, stream } from "../../../src/index.js";
import { rejection, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawPlugin } from "../../kit/raw/raw-plugin.js";

gate();
const jobs = defineContract("jobs", { join: method<{ parts: Uint8Array[] }, { whole: Uint8Array; count: number }>() });
const streams = defineContract("streams", { echo: stream<AsyncIterable<unknown>, unknown>() });

for (const transport of ["tcp", "unix", "websocket"] as const) {
  test(`bytes of any length cross in inputs and results over ${transport}`, async () => {
    const client = await startFixture("uses-callbacks", { transport });
    const { join } = await client.dispense(jobs);
    for (const length of [0, 1, 1_000, 1_000_000]) {
      const parts = [randomBytes(length), new Uint8Array(randomBytes(length + 1))];
      const { whole, count } = await join({ parts });
      expect([count, whole.constructor, Buffer.compare(whole, Buffer.concat(parts))]).toEqual([2, Uint8Array, 0]);
    }
    await client.kill();
  });

  test(`bytes cross as the items of streams, both ways, over ${transport}`, async () => {
    const client = await startFixture("streams", { transport });
    const { echo } = await client.dispense(streams);
    const items = Array.from({ length: 100 }, (_, n) => ({ n, bytes: new Uint8Array(randomBytes(n * 1_000)) }));
    const arrived: unknown[] = [];
    // Compared as bytes: entry by entry takes seconds.
    const sent = items.map(({ n, bytes }) => [n, Buffer.from(bytes).toString("base64")]);
    for await (const item of echo(
      (async function* () {
        yield* items;
      })(),
    )) {
      const { n, bytes } = item as (typeof items)[number];
      arrived.push([n, Buffer.from(bytes).toString("base64")]);
    }
    expect(arrived).toEqual(sent);
    await client.kill();
  });
}

test("a plugin that has lines alone is sent base64, and its base64 arrives as bytes", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const call = connection.call("raw.call", { "a/b": Buffer.from("hello") });
  const { id, params, refs } = await socket.message();
  expect([params, refs]).toEqual([{ "a/b": null }, { "/a~1b": { bytes: "aGVsbG8=" } }]);
  socket.send({ jsonrpc: "2.0", id, result: { data: [null] }, refs: { "/data/0": { bytes: "AAEC" } } });
  expect(await call).toEqual({ data: [Uint8Array.of(0, 1, 2)] });
  plugin.exit();
  await client.kill();
});

test("a configuration may hold bytes, and no functions", async () => {
  const config = { what: "start", key: Uint8Array.of(1, 2) };
  const client = await startFixture("configures", { config });
  expect(await (await client.client()).call("seen.config")).toEqual(config);
  await client.kill();
  expect(await rejection(startFixture("configures", { config: { on: () => {} } }))).toMatchObject({
    name: "StartError",
    message: expect.stringContaining('its config cannot be sent: what is at "/on" is a function'),
  });
});
