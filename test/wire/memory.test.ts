import { expect, test } from "vitest";
import { systemClock } from "../../src/util/clock.js";
import { memoryChannels } from "../../src/wire/memory.js";
import { Ear } from "../transport/ends.js";

const MIB = 1024 * 1024;

function ends(stallTimeoutMs = 10_000) {
  const [near, far] = memoryChannels({ clock: systemClock, stallTimeoutMs });
  for (const channel of [near, far]) channel.allow?.(16 * MIB);
  return { near: new Ear(near), far: new Ear(far) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a side that is not read waits with what it sends, as over a socket, and says how much that is", async () => {
  const { near, far } = ends();
  far.channel.pause();
  for (let count = 0; count < 8; count++) near.channel.send("x".repeat(MIB));
  await turn();
  await turn();
  const unsent = near.channel.send("last");
  expect(unsent).toBeGreaterThan(6 * MIB);
  expect([near.drainedCount, far.texts.length, far.channel.received]).toEqual([0, 0, 0]);
  far.channel.resume();
  await near.until(() => near.drainedCount > 0);
  await far.until(() => far.texts.at(-1)?.endsWith("last") === true);
  expect(far.channel.received).toBe(8 * (MIB + 1) + 5);
  near.channel.close();
  await Promise.all([near.closed, far.closed]);
});

test("[F59] a side that is not read for the stall timeout breaks the connection, and the other side's end is told", async () => {
  const { near, far } = ends(80);
  far.channel.pause();
  for (let count = 0; count < 4; count++) near.channel.send("x".repeat(3 * MIB));
  const { error, unwritten } = await near.closed;
  expect([error?.code, error?.message]).toEqual(["CONNECTION_LOST", "the other side has read nothing for 80 ms"]);
  expect(unwritten).toBeGreaterThan(0);
  expect((await far.closed).error?.message).toBe("the connection ended in the middle of a message");
});

test("two sides that close while neither has read the other end both", async () => {
  const { near, far } = ends();
  for (const { channel } of [near, far]) {
    channel.pause();
    for (let count = 0; count < 4; count++) channel.send("x".repeat(MIB));
  }
  await turn();
  near.channel.close();
  far.channel.close();
  const [left, right] = await Promise.all([near.closed, far.closed]);
  expect([left.error, right.error]).toEqual([undefined, undefined]);
});

test("a side that is paused hears what was sent before the other closed, and then its end", async () => {
  const { near, far } = ends();
  far.channel.pause();
  near.channel.send("before");
  near.channel.close();
  expect(await far.line()).toBe("before");
  expect(await far.closed).toEqual({ error: undefined, unwritten: 0 });
});

test("a receiver that comes after the end is told of it", async () => {
  const { near, far } = ends();
  near.channel.close();
  await Promise.all([near.closed, far.closed]);
  const late = new Promise((resolve) => far.channel.receive({ lines: () => {}, closed: (...how) => resolve(how) }));
  expect(await late).toEqual([undefined, 0]);
});

test("what is sent belongs to nobody else: bytes that their owner changes afterwards cross as they were", async () => {
  const [near, far] = memoryChannels({ clock: systemClock, stallTimeoutMs: 10_000 });
  for (const channel of [near, far]) {
    channel.allow?.(MIB);
    channel.frames?.receive();
    channel.frames?.send();
  }
  const got = new Promise<Uint8Array>((resolve) => far.receive({ lines() {}, frame: (_message, bytes) => resolve(bytes), closed() {} }));
  const ended = new Promise<void>((resolve) => near.receive({ lines() {}, closed: () => resolve() }));
  const bytes = new Uint8Array(100_000).fill(7);
  near.send("m", [bytes]);
  await new Promise((resolve) => process.nextTick(resolve));
  bytes.fill(9);
  const received = await got;
  expect([received.length, received.every((byte) => byte === 7)]).toEqual([100_000, true]);
  near.close();
  await ended;
});
