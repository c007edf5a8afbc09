import { expect, test, vi } from "vitest";
import type { Exit, Running } from "../../src/process/runtime.js";
import { isWithin, terminate } from "../../src/process/terminate.js";
import { deferred } from "../../src/util/deferred.js";

vi.mock("../../src/util/timers.js", () => import("../kit/global-timers.js"));

/** A process that is only said to exist; it ends when it gets the signal that it heeds. */
function fakeProcess(heeds?: "SIGTERM" | "SIGKILL"): { running: Running; signals: string[]; exit(): void } {
  const exited = deferred<Exit>();
  const signals: string[] = [];
  const exit = (): void => exited.resolve({ exitCode: 0, signal: null });
  const none = (async function* () {})();
  const signal = (name: string): void => {
    signals.push(name);
    if (name === heeds) exit();
  };
  return { running: { id: "fake", stdin: undefined, stdout: none, stderr: none, exited: exited.promise, signal }, signals, exit };
}

test("[O26] terminate() sends no signal to a process that ends when it was asked to", async () => {
  const { running, signals, exit } = fakeProcess();
  const ended = terminate(running, 60_000, () => true);
  exit();
  expect(await ended).toEqual({ forced: false, escaped: [] });
  expect(signals).toEqual([]);
});

test("[O26] terminate() sends SIGTERM at once to a process that could not be asked", async () => {
  const { running, signals } = fakeProcess("SIGTERM");
  expect(await terminate(running, 60_000)).toEqual({ forced: false, escaped: [] });
  expect(signals).toEqual(["SIGTERM"]);
});

test("[O26, F7] terminate() goes from asking to SIGTERM to SIGKILL, one killTimeoutMs apart, and says that it took force", async () => {
  vi.useFakeTimers();
  try {
    const { running, signals } = fakeProcess("SIGKILL");
    const ended = terminate(running, 1_000, () => true);
    await vi.advanceTimersByTimeAsync(999);
    expect(signals).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(signals).toEqual(["SIGTERM"]);
    await vi.advanceTimersByTimeAsync(999);
    expect(signals).toEqual(["SIGTERM"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(signals).toEqual(["SIGTERM", "SIGKILL"]);
    expect(await ended).toEqual({ forced: true, escaped: [] });
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("[F7] terminate() waits no more than 5 s for a process that not even SIGKILL ends, and names it", async () => {
  vi.useFakeTimers();
  try {
    const { running, signals } = fakeProcess();
    const ended = terminate({ ...running, pid: 2 ** 22 + 1 } as Running, 1_000);
    await vi.advanceTimersByTimeAsync(5_999);
    expect(signals).toEqual(["SIGTERM", "SIGKILL"]);
    expect(await Promise.race([ended, "waiting"])).toBe("waiting");
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toEqual({ forced: true, escaped: [2 ** 22 + 1] });
  } finally {
    vi.useRealTimers();
  }
});

test("[F68] a killTimeoutMs beyond 2^31 waits, and does not fire at once", async () => {
  const { running, signals, exit } = fakeProcess();
  const ended = terminate(running, 2 ** 40, () => true);
  expect(await isWithin(ended, 50)).toBe(false);
  exit();
  expect(await ended).toEqual({ forced: false, escaped: [] });
  expect(signals).toEqual([]);
});

test("[O32, P3] terminate() waits for the process's end when a user's own runtime throws from signal()", async () => {
  const { running, exit } = fakeProcess();
  const signal = (name: string): void => {
    if (name === "SIGKILL") exit();
    throw new Error("the container's daemon is away");
  };
  expect(await terminate({ ...running, signal }, 0, () => true)).toEqual({ forced: true, escaped: [] });
});

test("isWithin() is true for a promise that rejects in time", async () => {
  expect(await isWithin(Promise.reject(new Error("no")), 60_000)).toBe(true);
});
