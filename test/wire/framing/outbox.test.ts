import { expect, test, vi } from "vitest";
import { BATCH_LENGTH, JOINED_LENGTH, Outbox } from "../../../src/wire/framing/outbox.js";
import { FakeClock } from "../../kit/fake-clock.js";

/** A pipe that the test holds: it takes what is written at once, or when told to. */
function outbox(takesAtOnce: boolean) {
  const pipe = {
    takesAtOnce,
    open: true,
    written: [] as string[],
    lasts: [] as boolean[],
    drainedCount: 0,
    stalledAfter: [] as number[],
    isOpen: () => pipe.open,
    write(data: string | readonly Buffer[], isLastPart: boolean) {
      pipe.written.push(typeof data === "string" ? data : Buffer.concat(data).toString());
      pipe.lasts.push(isLastPart);
      return pipe.takesAtOnce;
    },
    drained: () => void pipe.drainedCount++,
    stalled: (ms: number) => void pipe.stalledAfter.push(ms),
    broken: [] as Error[],
    broke: (cause: Error) => void pipe.broken.push(cause),
  };
  const clock = new FakeClock();
  return { pipe, clock, box: new Outbox(pipe, clock, 1_000) };
}

const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

test("what is sent in one tick leaves in one write, at its end", async () => {
  const { pipe, box } = outbox(true);
  expect([box.send("a"), box.send("bc")]).toEqual([2, 5]);
  expect(pipe.written).toEqual([]);
  await tick();
  expect(pipe.written).toEqual(["a\nbc\n"]);
  expect(pipe.drainedCount).toBe(1);
  expect(box.send("d")).toBe(2);
});

test("nothing is written while the system has not taken the last write, and what waits then leaves together", async () => {
  const { pipe, box } = outbox(false);
  box.send("a");
  await tick();
  for (const line of ["b", "c"]) {
    box.send(line);
    await tick();
  }
  expect([pipe.written, pipe.drainedCount, box.unwritten]).toEqual([["a\n"], 0, 2]);
  box.taken();
  expect([pipe.written, box.unwritten]).toEqual([["a\n", "b\nc\n"], 0]);
  expect(pipe.drainedCount).toBe(0);
  box.taken();
  expect(pipe.drainedCount).toBe(1);
  box.taken();
  expect(pipe.drainedCount).toBe(1);
});

test("a long message leaves in parts, each when the one before it was taken, and the last is marked", async () => {
  const { pipe, box } = outbox(false);
  const long = "x".repeat(2 * BATCH_LENGTH);
  box.send(long);
  box.send("short");
  await tick();
  for (let parts = 1; parts <= 3; parts++) {
    expect(pipe.written).toHaveLength(parts);
    box.taken();
  }
  expect(pipe.written.map(({ length }) => length)).toEqual([BATCH_LENGTH, BATCH_LENGTH, 1, 6]);
  expect(pipe.lasts).toEqual([false, false, true, true]);
  expect(pipe.written.join("")).toBe(`${long}\nshort\n`);
});

test("lines are joined up to a length, and never cut in two writes by it", async () => {
  const { pipe, box } = outbox(true);
  const line = "x".repeat(JOINED_LENGTH / 2 - 1);
  for (let count = 0; count < 5; count++) box.send(line);
  await tick();
  expect(pipe.written.map(({ length }) => length)).toEqual([JOINED_LENGTH, JOINED_LENGTH, JOINED_LENGTH / 2]);
  expect(pipe.lasts).toEqual([true, true, true]);
});

test("send() returns the length of all that was not taken: queued, in parts and in flight", async () => {
  const { pipe, box } = outbox(false);
  expect(box.send("x".repeat(3 * BATCH_LENGTH - 1))).toBe(3 * BATCH_LENGTH);
  await tick();
  expect(box.send("a")).toBe(3 * BATCH_LENGTH + 2);
  box.taken();
  expect(box.send("b")).toBe(2 * BATCH_LENGTH + 4);
  box.taken();
  box.taken();
  expect(pipe.written.at(-1)).toBe("a\nb\n");
});

test("[F67] messages of which no byte was handed over are counted, and a closed pipe is handed none", async () => {
  const { pipe, box } = outbox(false);
  box.send("written");
  box.send("with it");
  await tick();
  box.send("waiting");
  await tick();
  pipe.open = false;
  box.taken();
  box.send("too late");
  await tick();
  expect(pipe.written).toEqual(["written\nwith it\n"]);
  expect(box.unwritten).toBe(2);
  expect(pipe.drainedCount).toBe(0);
});

test("[F59] a pipe that takes nothing for the stall timeout is told of, and one that goes on taking never is", async () => {
  const { pipe, clock, box } = outbox(false);
  box.send("x".repeat(4 * BATCH_LENGTH - 1));
  await tick();
  for (let parts = 0; parts < 3; parts++) {
    clock.advance(999);
    box.taken();
  }
  expect(pipe.stalledAfter).toEqual([]);
  clock.advance(999);
  expect(pipe.stalledAfter).toEqual([]);
  clock.advance(1);
  expect(pipe.stalledAfter).toEqual([1_000]);
});

test("[F59] nothing stalls where nothing waits, nor after stop()", async () => {
  const { pipe, clock, box } = outbox(false);
  box.send("a");
  await tick();
  box.taken();
  clock.advance(10_000);
  box.send("b");
  await tick();
  box.stop();
  clock.advance(10_000);
  expect(pipe.stalledAfter).toEqual([]);
});

test("[F59] a process that stood still for longer than the stall timeout first finds out what was taken meanwhile", async () => {
  const { pipe, clock, box } = outbox(false);
  box.send("a");
  await tick();
  clock.freeze(60_000);
  expect(pipe.stalledAfter).toEqual([]);
  box.taken();
  clock.advance(60_000);
  expect(pipe.stalledAfter).toEqual([]);
});

test("a message for which there is no memory breaks the pipe, and nothing is thrown at the end of the tick", async () => {
  const { pipe, box } = outbox(true);
  const cause = new RangeError("Array buffer allocation failed");
  const from = vi.spyOn(Buffer, "from").mockImplementationOnce(() => {
    throw cause;
  });
  box.send("x".repeat(BATCH_LENGTH + 1));
  await tick();
  from.mockRestore();
  expect([pipe.broken, pipe.written, pipe.drainedCount]).toEqual([[cause], [], 0]);
});
