import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { release } from "../../src/client/ending.js";
import type { ResolvedClientOptions } from "../../src/client/options/options.js";
import type { Starting } from "../../src/client/start/starting.js";
import type { CloseReason } from "../../src/peer/errors/close-reason.js";
import { deferred } from "../../src/util/deferred.js";
import { memoryLogger } from "../kit/fixtures.js";

vi.mock("../../src/util/timers.js", () => import("../kit/global-timers.js"));

const EXITED: CloseReason = { kind: "exited", exitCode: 1, signal: null, stderrTail: "" };

/** What is left of a plugin that has exited while another process holds its connection open. */
function remains(runtime?: object): { vitals: { received: number }; reasons: unknown[]; end(): void; done: Promise<void> } {
  const closed = deferred<CloseReason>();
  const reasons: unknown[] = [];
  const end = async (reason: unknown): Promise<void> => {
    reasons.push(reason);
    closed.resolve(EXITED);
  };
  const vitals = { received: 7 };
  const done = release({ link: { vitals, closed: closed.promise, end } } as unknown as Starting, EXITED, {
    logger: memoryLogger(),
    runtime,
  } as unknown as ResolvedClientOptions);
  return { vitals, reasons, end: () => closed.resolve(EXITED), done };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("[F15, L2] the connection of a plugin that has exited is closed once it is quiet, whoever holds it open", async () => {
  const { reasons, done } = remains();
  await vi.advanceTimersByTimeAsync(4);
  expect(reasons).toEqual([]);
  await vi.advanceTimersByTimeAsync(2);
  expect(reasons).toEqual([EXITED]);
  await done;
  expect(vi.getTimerCount()).toBe(0);
});

test("[F15] while something arrives on it, it is read, and no longer than 250 ms", async () => {
  const { vitals, reasons, done } = remains();
  for (let ms = 0; ms < 240; ms += 5) {
    vitals.received++;
    await vi.advanceTimersByTimeAsync(5);
  }
  expect(reasons).toEqual([]);
  for (let ms = 0; ms < 40; ms += 5) {
    vitals.received++;
    await vi.advanceTimersByTimeAsync(5);
  }
  expect(reasons).toEqual([EXITED]);
  await done;
});

test("[O32] a runtime of the user's own may hand something on later: its connection has 250 ms to end", async () => {
  const { reasons, done } = remains({});
  await vi.advanceTimersByTimeAsync(249);
  expect(reasons).toEqual([]);
  await vi.advanceTimersByTimeAsync(3);
  expect(reasons).toEqual([EXITED]);
  await done;
});

test("[F15] a connection that ends by itself is not closed", async () => {
  const { reasons, end, done } = remains();
  end();
  await done;
  expect(reasons).toEqual([]);
});
