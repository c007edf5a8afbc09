import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { defineContract, implement, method, notification } from "../../../src/index.js";
import { rejection, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawHostOver, RawPluginOver } from "../../transport/attackers.js";
import { TRANSPORTS } from "../../transport/ends.js";

gate();
const MIB = 1024 * 1024;
const echo = defineContract("echo", {
  echo: method<unknown, unknown>(),
  later: method<unknown, unknown>(),
  note: notification<unknown>(),
  notes: method<void, unknown[]>(),
});

/** The bytes of a call's message around a text of ASCII. */
const around = (id: number): number => `{"jsonrpc":"2.0","id":${id},"method":"echo.echo","params":[""]}`.length;

for (const transport of TRANSPORTS) {
  test(`[F56] values come back as they went, whatever characters they hold, over ${transport}`, async () => {
    await using client = await startFixture("echo", { transport });
    const remote = await client.dispense(echo);
    for (const value of [
      'ü€😀𝒳\u0000\u001f\u2028\u2029\ufeff\\"\n\r',
      "\ud800 alone",
      { ключ: ["値", { "": null, "\n": -0.5 }], constructor: 1, toJSON: "x" },
      [[], {}, [null], false, 0, 1e300, 2 ** 53 - 1],
      null,
      "",
      "x😀".repeat(100_000),
    ]) {
      expect(await remote.echo(value)).toEqual(value);
      expect(await remote.later(value)).toEqual(value);
    }
    expect(await remote.echo(undefined)).toBeNull();
  });

  test(`10,000 calls at once are each answered with their own answer, over ${transport}`, async () => {
    await using client = await startFixture("echo", { transport });
    const remote = await client.dispense(echo);
    const calls = Array.from({ length: 10_000 }, (_, number) => (number % 2 === 0 ? remote.echo({ number }) : remote.later({ number })));
    expect(await Promise.all(calls)).toEqual(calls.map((_, number) => ({ number })));
  });

  test(`[F54] a text of 1 MiB and one of many MiB cross while small calls go on, over ${transport}`, async () => {
    await using client = await startFixture("echo", { transport });
    const remote = await client.dispense(echo);
    const digest = (text: unknown): string =>
      createHash("sha256")
        .update(text as string)
        .digest("hex");
    const big = ["x".repeat(MIB), "ü😀".repeat(4 * MIB)];
    const answers = big.map((text) => remote.echo(text));
    const small = Array.from({ length: 100 }, (_, number) => remote.echo(number));
    expect(await Promise.all(small)).toEqual(small.map((_, number) => number));
    expect((await Promise.all(answers)).map(digest)).toEqual(big.map(digest));
  });

  test(`[F54] a message of the limit crosses, one byte more is LIMIT_EXCEEDED, and nothing of it is sent, over ${transport}`, async () => {
    await using client = await startFixture("echo", { transport, limits: { maxMessageBytes: MIB } });
    const { call } = await client.client().then((connection) => ({ call: connection.call.bind(connection) }));
    // The handshake took ids 0 and 1.
    expect(((await call("echo.echo", "x".repeat(MIB - around(2)))) as string).length).toBe(MIB - around(2));
    const error = await rejection(call("echo.echo", "x".repeat(MIB - around(3) + 1)));
    expect([error["code"], error.message]).toEqual(["LIMIT_EXCEEDED", `Cannot call "echo.echo": its input is longer than ${MIB} bytes`]);
    expect(await call("echo.echo", "fine")).toBe("fine");
  });

  test(`[F54] an answer beyond the limit of the side that sends it is -32004, and the connection lives, over ${transport}`, async () => {
    const provides = [
      implement(echo, { echo: (size) => "x".repeat(size as number), later: async () => 1, note: () => {}, notes: () => [] }),
    ];
    await using host = await RawHostOver.serve(transport, provides, { maxMessageBytes: 100_000 });
    const lines = await host.ready();
    const fits = 100_000 - '{"jsonrpc":"2.0","id":2,"result":""}'.length;
    for (const [id, size] of [
      [2, fits],
      [3, fits + 1],
      [4, 1],
    ] as const) {
      lines.send({ jsonrpc: "2.0", id, method: "echo.echo", params: [size] });
    }
    expect((await lines.message()).result.length).toBe(fits);
    const message = 'Cannot answer "echo.echo": its result is longer than 100000 bytes';
    expect(await lines.message()).toEqual({ jsonrpc: "2.0", id: 3, error: { code: -32004, message } });
    expect((await lines.message()).result).toBe("x");
  });

  test(`[F54] a line of the limit is taken, and one byte more closes the connection, on both sides, over ${transport}`, async () => {
    const limits = { maxMessageBytes: 100_000 };
    const provides = [
      implement(echo, { echo: (value) => (value as string).length, later: async () => 1, note: () => {}, notes: () => [] }),
    ];
    await using host = await RawHostOver.serve(transport, provides, limits);
    const lines = await host.ready();
    const request = (id: number, extra: number): string =>
      `{"jsonrpc":"2.0","id":${id},"method":"echo.echo","params":["${"x".repeat(100_000 - around(id) + extra)}"]}`;
    lines.text(request(2, 0));
    expect((await lines.message()).result).toBe(100_000 - around(2));
    lines.text(request(3, 1));
    const refused = { code: -32600, message: "Cannot take the line as a message: it is longer than 100000 bytes" };
    expect(await lines.rest()).toEqual([{ jsonrpc: "2.0", id: null, error: refused }]);

    await using plugin = new RawPluginOver(transport, { limits });
    const { lines: back, call } = await plugin.ready();
    const answer = (id: number, extra: number): string => {
      const empty = `{"jsonrpc":"2.0","id":${id},"result":""}`;
      return empty.replace('""', `"${"x".repeat(100_000 - empty.length + extra)}"`);
    };
    const taken = call(1);
    back.text(answer((await back.message()).id, 0));
    expect(((await taken) as string).length).toBeGreaterThan(99_000);
    const lost = rejection(call(2));
    back.text(answer((await back.message()).id, 1));
    expect((await lost).message).toContain("it sent a line that is no message: it is longer than 100000 bytes");
    expect(await back.rest()).toEqual([{ jsonrpc: "2.0", id: null, error: refused }]);
  });

  test(`notifications arrive in the order in which they and the calls were placed, over ${transport}`, async () => {
    await using client = await startFixture("echo", { transport });
    const remote = await client.dispense(echo);
    const sent = Array.from({ length: 1_000 }, (_, number) => number);
    const handed = Promise.all(sent.map((number) => remote.note(number)));
    const notes = remote.notes();
    await handed;
    expect(await notes).toEqual(sent);
  });

  test(`what is placed in one tick reaches the other side in one chunk or frame, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport);
    const { lines, peer, call } = await plugin.ready();
    const chunks: number[] = [];
    lines.socket.on("data", (chunk) => chunks.push(chunk.length));
    const calls = Array.from({ length: 100 }, (_, number) => call({ number }));
    void peer.notify("raw.note", {});
    for (let count = 0; count < 100; count++) {
      const { id, params } = await lines.message();
      lines.send({ jsonrpc: "2.0", id, result: params.number });
    }
    expect(await Promise.all(calls)).toEqual(calls.map((_, number) => number));
    expect(chunks.length).toBe(1);
  });
}
