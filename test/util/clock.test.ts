import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../src/util/clock.js";
import { FakeClock } from "../kit/fake-clock.js";

vi.mock("../../src/util/timers.js", () => import("../kit/global-timers.js"));

afterEach(() => vi.restoreAllMocks());

test.each([2 ** 31, 2 ** 53, Number.POSITIVE_INFINITY])("[F68] after(%j) waits as long as a timer can, and does not run at once", (ms) => {
  const set = vi.spyOn(globalThis, "setTimeout");
  systemClock.after(ms, () => {})();
  systemClock.afterHolding(ms, () => {})();
  expect(set.mock.calls.map(([, delay]) => delay)).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
});

test("[F68] after() of a time that has passed waits for none: newer ones of Node.js warn of what is below 0", () => {
  const set = vi.spyOn(globalThis, "setTimeout");
  systemClock.after(-0.5, () => {})();
  systemClock.afterHolding(-0.5, () => {})();
  expect(set.mock.calls.map(([, delay]) => delay)).toEqual([0, 0]);
});

test("after() runs its task once, unless it is called off, and keeps no process alive", async () => {
  const set = vi.spyOn(globalThis, "setTimeout");
  const ran: string[] = [];
  systemClock.after(1, () => void ran.push("off"))();
  await new Promise<void>((resolve) => {
    systemClock.after(1, () => void ran.push("on"));
    systemClock.after(2, resolve);
    const timers = set.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(timers.every((timer) => !timer.hasRef())).toBe(true);
    for (const timer of timers) timer.ref();
  });
  expect(ran).toEqual(["on"]);
});

test("afterHolding() runs its task once, unless it is called off, and keeps the process alive until then", async () => {
  const set = vi.spyOn(globalThis, "setTimeout");
  const ran: string[] = [];
  systemClock.afterHolding(1, () => void ran.push("off"))();
  await new Promise<void>((resolve) => {
    systemClock.afterHolding(1, () => void ran.push("on"));
    systemClock.afterHolding(2, resolve);
    const [, ...running] = set.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(running.map((timer) => timer.hasRef())).toEqual([true, true]);
  });
  expect(ran).toEqual(["on"]);
});

test("the tests' own clock tells timers that hold a program from those that do not", () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  clock.after(10, () => void ran.push("guards"));
  clock.afterHolding(20, () => void ran.push("holds"));
  const callOff = clock.afterHolding(20, () => void ran.push("off"));
  expect([clock.timers, clock.holding]).toEqual([3, 2]);
  callOff();
  clock.advance(20);
  expect(ran).toEqual(["guards", "holds"]);
  expect([clock.timers, clock.holding]).toEqual([0, 0]);
});

test("soon() runs its task in a macrotask, after the promises that are settled", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    systemClock.soon(() => {
      order.push("soon");
      resolve();
    });
    void Promise.resolve().then(() => order.push("promise"));
  });
  expect(order).toEqual(["promise", "soon"]);
});

test("now() never goes back, and moves on", () => {
  const first = systemClock.now();
  while (systemClock.now() === first);
  expect(systemClock.now()).toBeGreaterThan(first);
});
