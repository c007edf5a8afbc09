import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../src/util/clock.js";
import * as timers from "../../src/util/timers.js";

afterEach(() => void vi.useRealTimers());

const FAKED = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "performance", "queueMicrotask"] as const;

test("timers and the clock go on while a test's fake timers stand still", async () => {
  vi.useFakeTimers({ toFake: [...FAKED] });
  const begun = systemClock.now();
  const ran: string[] = [];
  await new Promise<void>((resolve) => {
    timers.nextTick(() => void ran.push("tick"));
    timers.setImmediate(() => void ran.push("immediate"));
    timers.clearTimeout(timers.setTimeout(() => void ran.push("cleared"), 0));
    const interval = timers.setInterval(() => {
      timers.clearInterval(interval);
      ran.push("interval");
      timers.setTimeout(resolve, 1);
    }, 1);
  });
  expect(ran).toEqual(expect.arrayContaining(["tick", "immediate", "interval"]));
  expect([ran.includes("cleared"), systemClock.now() > begun]).toEqual([false, true]);
});

test("timers can be unreferenced where the program's own are a browser's", () => {
  vi.stubGlobal("setTimeout", () => 1);
  const stop = systemClock.after(60_000, () => {});
  vi.unstubAllGlobals();
  expect(stop()).toBeUndefined();
});
