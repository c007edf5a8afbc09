import { expect, test } from "vitest";
import { gate } from "../kit/gate.js";
import { pair, TRANSPORTS } from "./ends.js";

gate();
const KIB = 1024;
const MIB = 1024 * KIB;

for (const transport of [...TRANSPORTS, "memory"] as const) {
  test(`lines cross in order, both ways, whatever characters they hold, over ${transport}`, async () => {
    await using ends = await pair(transport);
    const lines = ["a", "ü€😀", '{"a":"\\n"}', "\u2028\u0000", "x".repeat(100_000), "😀".repeat(50_000), "end"];
    for (const line of lines) ends.near.channel.send(line);
    for (const line of [...lines].reverse()) ends.far.channel.send(line);
    for (const line of lines) expect(await ends.far.line()).toBe(line);
    for (const line of [...lines].reverse()) expect(await ends.near.line()).toBe(line);
  });

  test(`everything that is sent in one tick arrives together, over ${transport}`, async () => {
    await using ends = await pair(transport);
    for (let number = 0; number < 100; number++) ends.near.channel.send(`{"n":${number}}`);
    await ends.far.until(() => ends.far.texts.join("\n").endsWith('{"n":99}'));
    expect(ends.far.texts).toHaveLength(1);
  });

  test(`nothing is handed over before a receiver is there, and all of it afterwards, over ${transport}`, async () => {
    await using ends = await pair(transport);
    ends.far.channel.pause();
    ends.near.channel.send("one");
    await ticks(20);
    expect(ends.far.texts).toEqual([]);
    ends.near.channel.send("two");
    ends.far.channel.resume();
    expect([await ends.far.line(), await ends.far.line()]).toEqual(["one", "two"]);
  });

  test(`close() sends what was queued, ends both sides in order, and may be called again, over ${transport}`, async () => {
    await using ends = await pair(transport);
    ends.near.channel.send("x".repeat(3 * MIB));
    ends.near.channel.send("last");
    ends.near.channel.close();
    ends.near.channel.close();
    expect(ends.near.channel.send("too late")).toBe(0);
    expect((await ends.far.line()).length).toBeGreaterThan(9);
    expect(await ends.far.line()).toBe("last");
    const code = transport === "websocket" ? { code: 1000 } : {};
    expect(await ends.far.closed).toEqual({ error: undefined, unwritten: 0, ...code });
    expect(await ends.near.closed).toMatchObject({ error: undefined, unwritten: 0 });
  });

  test(`close() ends a channel that is paused, over ${transport}`, async () => {
    await using ends = await pair(transport);
    ends.near.channel.pause();
    ends.near.channel.close();
    expect((await ends.near.closed).error).toBeUndefined();
    expect((await ends.far.closed).error).toBeUndefined();
  });
}

for (const transport of [...TRANSPORTS, "memory"] as const) {
  test(`[F54] a line of the limit crosses, and one byte more is refused, over ${transport}`, async () => {
    await using ends = await pair(transport, { maxMessageBytes: MIB });
    ends.near.channel.send("x".repeat(MIB));
    ends.near.channel.send("ü".repeat(MIB / 2));
    expect((await ends.far.line()).length).toBe(MIB);
    expect((await ends.far.line()).length).toBe(MIB / 2);
    ends.near.channel.send("before");
    ends.near.channel.send("x".repeat(MIB + 1));
    ends.near.channel.send("after");
    await ends.far.closed;
    expect(ends.far.problems).toEqual([`it is longer than ${MIB} bytes`]);
    expect(ends.far.texts.join("\n").split("\n").slice(2)).toEqual(["before"]);
  });

  test(`[F54] many short lines may be longer together than one may be, over ${transport}`, async () => {
    await using ends = await pair(transport, { maxMessageBytes: KIB });
    for (let count = 0; count < 2_000; count++) ends.near.channel.send("€".repeat(300));
    ends.near.channel.send("end");
    while ((await ends.far.line()) !== "end");
    expect(ends.far.problems).toEqual([]);
  });

  test(`drained() tells when the system has taken everything, over ${transport}`, async () => {
    await using ends = await pair(transport);
    expect(ends.near.channel.send("12345")).toBe(6);
    await ends.near.drain();
    expect(ends.near.channel.send("12345")).toBeLessThanOrEqual(12);
    ends.far.channel.pause();
    for (let count = 0; count < 64; count++) ends.near.channel.send("x".repeat(MIB));
    const unsent = ends.near.channel.send("y");
    expect(unsent).toBeGreaterThan(50 * MIB);
    const drained = ends.near.drain();
    ends.far.channel.resume();
    await drained;
    expect(ends.near.channel.send("z")).toBeLessThan(MIB);
  });

  test(`[F67] what is sent to a connection that is gone is counted as never written, over ${transport}`, async () => {
    await using ends = await pair(transport);
    ends.far.channel.pause();
    // Much more than the system takes: whole messages stay behind.
    for (let count = 0; count < 32; count++) ends.near.channel.send("x".repeat(MIB));
    await ticks(5);
    ends.far.channel.close();
    expect(ends.near.channel.send("and one more")).toBeGreaterThan(0);
    const { unwritten } = await ends.near.closed;
    expect(unwritten).toBeGreaterThan(5);
    expect(unwritten).toBeLessThanOrEqual(33);
  });
}

test("[F67] what is sent to a connection that is gone is counted as never written, in memory", async () => {
  await using ends = await pair("memory");
  ends.near.channel.send("taken");
  await ends.far.line();
  ends.near.channel.send("of this very tick");
  ends.far.channel.close();
  expect(ends.near.channel.send("too late")).toBeGreaterThan(0);
  expect(await ends.near.closed).toEqual({ error: undefined, unwritten: 2 });
});

test("one channel's end is told once, to a receiver that comes afterwards too", async () => {
  for (const transport of TRANSPORTS) {
    await using ends = await pair(transport);
    ends.near.channel.close();
    await ends.near.closed;
    const late = new Promise((resolve) =>
      ends.near.channel.receive({ lines: () => {}, closed: (error, unwritten) => resolve([error, unwritten]) }),
    );
    expect(await late).toEqual([undefined, 0]);
  }
});

/** Lets the event loop go round. */
async function ticks(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await new Promise((resolve) => setImmediate(resolve));
}
