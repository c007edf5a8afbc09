import { expect, test } from "vitest";
import { readOutput } from "../../src/output/read-output.js";
import { FakeClock } from "../kit/fake-clock.js";

const KIB = 1024;

/** Reads chunks of a size; `taken` tells how many have been looked at once all is done that can be. */
function readingOf(count: number, bytes: number): { clock: FakeClock; read: Promise<void>; taken(): Promise<number> } {
  const clock = new FakeClock();
  let taken = 0;
  const chunks = (async function* () {
    for (let index = 0; index < count; index++) yield Buffer.alloc(bytes);
  })();
  const read = readOutput(chunks, clock, () => void taken++);
  return { clock, read, taken: () => new Promise((resolve) => void setImmediate(() => resolve(taken))) };
}

test("[P5, F21] a pipe that always has more is read 64 KiB at a time, and others have their turn after each", async () => {
  const full = readingOf(5, 64 * KIB);
  for (let turn = 1; turn <= 5; turn++) {
    expect(await full.taken()).toBe(turn);
    full.clock.runSoon();
  }
  await full.read;
  const small = readingOf(100, 4 * KIB);
  expect(await small.taken()).toBe(16);
  small.clock.runSoon();
  expect(await small.taken()).toBe(32);
});

test("[F21] a little is read at once, to the end, and a stream that breaks ends like any other", async () => {
  const { read, taken } = readingOf(15, 4 * KIB);
  await read;
  expect(await taken()).toBe(15);
  const broken = (async function* () {
    yield Buffer.from("x");
    throw new Error("EIO");
  })();
  await expect(readOutput(broken, new FakeClock(), () => {})).resolves.toBe(undefined);
});
