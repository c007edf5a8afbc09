import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { StartLimiter, startLimiter, type Turn } from "../../../src/client/start/start-limiter.js";
import { NewClient, type Runtime } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

vi.mock("../../../src/util/timers.js", () => import("../../kit/global-timers.js"));

gate();
afterEach(() => void vi.useRealTimers());

/** FlushScheduler, and the numbers of those that have come so far. */
function queue(turns: StartLimiter, count: number): { taken: Turn[]; come(): Promise<number[]> } {
  const come: number[] = [];
  const taken = Array.from({ length: count }, () => turns.take());
  taken.forEach((turn, index) => void turn.come.then(() => come.push(index)));
  return { taken, come: () => setImmediate(come) };
}

test("[O37, L6] so many starts have their turn at a time, first come, first served", async () => {
  const { taken, come } = queue(new StartLimiter({ most: 2, longestMs: 60_000 }), 5);
  expect(await come()).toEqual([0, 1]);
  taken[1]?.end();
  taken[1]?.end();
  expect(await come()).toEqual([0, 1, 2]);
  taken[0]?.end();
  taken[2]?.end();
  expect(await come()).toEqual([0, 1, 2, 3, 4]);
  for (const turn of taken) turn.end();
});

test("[O37] who leaves before the turn came is passed over", async () => {
  const { taken, come } = queue(new StartLimiter({ most: 1, longestMs: 60_000 }), 3);
  taken[1]?.end();
  taken[0]?.end();
  expect(await come()).toEqual([0, 2]);
  taken[2]?.end();
});

test("[O37] a turn that lasts too long lets the next one start, once", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { taken, come } = queue(new StartLimiter({ most: 1, longestMs: 5_000 }), 3);
  expect(await come()).toEqual([0]);
  vi.advanceTimersByTime(5_000);
  expect(await come()).toEqual([0, 1]);
  taken[0]?.end();
  expect(await come()).toEqual([0, 1]);
  for (const turn of taken) turn.end();
  expect(vi.getTimerCount()).toBe(0);
});

/** A runtime that starts nothing until it is given up, and counts. */
function stuckRuntime(): { runtime: Runtime; readonly started: number } {
  let started = 0;
  const runtime: Runtime = {
    start({ signal }) {
      started++;
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  return {
    runtime,
    get started() {
      return started;
    },
  };
}

test("[O37, O16] clients beyond twice the processors wait, their time to start has not begun, and kill() ends the wait", async () => {
  const most = 2 * availableParallelism();
  const stuck = stuckRuntime();
  const waiting = stuckRuntime();
  const first = Array.from({ length: most }, () => NewClient({ command: "x", runtime: stuck.runtime }));
  const late = NewClient({ command: "x", runtime: waiting.runtime, startTimeoutMs: 1 });
  const given = NewClient({ command: "x", runtime: waiting.runtime });
  const failures = first.map((client) => rejection(client.start()));
  const [lateFailure, givenFailure] = [rejection(late.start()), rejection(given.start())];
  const probe = startLimiter.take();
  await setImmediate();
  expect([stuck.started, waiting.started]).toEqual([most, 0]);
  expect(await given.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect((await givenFailure).message).toContain("it was killed by this program while it started");
  await Promise.all(first.map((client) => client.kill()));
  await Promise.all(failures);
  expect((await lateFailure).message).toBe('Cannot start plugin "x": it timed out after 1 ms, before its process was there');
  expect(waiting.started).toBe(1);
  await probe.come;
  probe.end();
});
