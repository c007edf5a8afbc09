import { expect, test, vi } from "vitest";
import { defineContract, implement, method, stream } from "../../src/index.js";
import { connectPair, type PairEnd } from "../../src/peer/pair.js";
import { type Clock, systemClock } from "../../src/util/clock.js";
import { memoryLogger, rejection } from "../kit/fixtures.js";
import { limitsOf, recordsOf } from "../kit/options.js";

const echo = defineContract("echo", { echo: method<unknown, unknown>(), never: method<void, void>() });
const source = defineContract("source", { read: stream<number, Uint8Array>() });
const echoes = implement(echo, { echo: (value) => value, never: () => new Promise(() => {}) });
const reads = implement(source, {
  async *read(count) {
    for (let n = 0; n < count; n++) yield new Uint8Array(100_000).fill(n);
  },
});

function end(provides: Parameters<typeof recordsOf>[0], other: string, more: Partial<PairEnd> = {}): PairEnd {
  const shared = { limits: limitsOf(), clock: systemClock, logger: memoryLogger(), validate: true, callTimeoutMs: 60_000 };
  return { ...shared, provides: recordsOf(provides), other, ...more };
}

test("connectPair() joins two peers that know, trust and call each other at once", async () => {
  const [host, plugin] = connectPair(end([echoes], "the plugin"), end([reads], "the host"));
  expect([host.provided.map(({ name }) => name), plugin.provided.map(({ name }) => name)]).toEqual([["source"], ["echo"]]);
  expect(await plugin.dispense(echo).echo({ n: 1 })).toEqual({ n: 1 });
  const lengths: number[] = [];
  for await (const { length } of host.dispense(source).read(3)) lengths.push(length);
  expect(lengths).toEqual([100_000, 100_000, 100_000]);
  expect(await plugin.close()).toEqual({ kind: "closed", by: "us" });
  expect(await host.closed).toEqual({ kind: "closed", by: "peer" });
});

test("bytes and long texts cross beside the JSON, as over a socket", async () => {
  const [host, plugin] = connectPair(end([], "the plugin"), end([echoes], "the host"));
  const bytes = new Uint8Array(1_000_000).fill(255);
  const text = "\n".repeat(1_000_000);
  const answer = (await host.dispense(echo).echo({ bytes, text })) as { bytes: Uint8Array; text: string };
  expect([answer.bytes.length, answer.bytes[5], answer.text === text]).toEqual([1_000_000, 255, true]);
  // Base64 and escapes would make 3.3 MB of it.
  for (const { counters } of [host, plugin]) expect(counters.bytesSent).toBeLessThan(2_001_000);
  expect(answer.bytes.constructor).toBe(Uint8Array);
  await host.close();
});

test("calls to an end that is not active yet are answered BUSY, and it may call", async () => {
  const [host, plugin] = connectPair(end([echoes], "the plugin"), end([echoes], "the host", { active: false }));
  expect(await rejection(host.dispense(echo).echo(1))).toMatchObject({ code: "BUSY" });
  expect(await plugin.dispense(echo).echo(1)).toBe(1);
  plugin.peer.activate();
  expect(await host.dispense(echo).echo(1)).toBe(1);
  await host.close();
});

test("[P1] nothing in it needs a global that a test may fake", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "performance", "Date"] });
  try {
    const [host] = connectPair(end([], "the plugin"), end([echoes, reads], "the host"));
    const remote = host.dispense(echo);
    expect(await remote.echo(1, { timeoutMs: 10_000 })).toBe(1);
    expect(await rejection(remote.never(undefined, { timeoutMs: 20 }))).toMatchObject({ code: "CALL_TIMEOUT" });
    let count = 0;
    for await (const _ of host.dispense(source).read(40)) count++;
    expect(count).toBe(40);
    await host.close();
  } finally {
    vi.useRealTimers();
  }
});

/** The machine's clock, and how many of its timers keep the program alive. */
function holdingClock(): Clock & { readonly held: number } {
  let held = 0;
  return {
    ...systemClock,
    get held() {
      return held;
    },
    afterHolding(ms, task) {
      held++;
      const stop = systemClock.afterHolding(ms, task);
      return () => {
        held--;
        stop();
      };
    },
  };
}

test("the program is held while a call waits, until it is answered, given up, timed out or lost", async () => {
  const clock = holdingClock();
  const [host] = connectPair(end([], "the plugin"), end([echoes], "the host"), clock);
  const remote = host.dispense(echo);
  const answered = remote.echo(1);
  const more = remote.echo(2);
  expect(clock.held).toBe(1);
  await Promise.all([answered, more]);
  expect(clock.held).toBe(0);
  const abort = new AbortController();
  const givenUp = rejection(remote.never(undefined, { signal: abort.signal }));
  expect(clock.held).toBe(1);
  abort.abort();
  await givenUp;
  expect(clock.held).toBe(0);
  expect([(await rejection(remote.never(undefined, { timeoutMs: 10 })))["code"], clock.held]).toEqual(["CALL_TIMEOUT", 0]);
  const lost = rejection(remote.never());
  expect(clock.held).toBe(1);
  await host.close();
  expect([(await lost)["code"], clock.held]).toEqual(["CONNECTION_CLOSED", 0]);
});

test("the program is held while an input is checked that takes its time", async () => {
  const clock = holdingClock();
  let check = (): void => {};
  const slow = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (value: unknown) => new Promise<{ value: unknown }>((resolve) => (check = () => resolve({ value }))),
    },
  };
  const slowly = defineContract("slowly", { echo: method({ input: slow }) });
  const quick = implement(slowly, { echo: () => undefined });
  const [host] = connectPair(end([], "the plugin"), end([quick], "the host", { validate: false }), clock);
  const call = host.dispense(slowly).echo(1);
  expect(clock.held).toBe(1);
  check();
  await call;
  expect(clock.held).toBe(0);
  const late = rejection(host.dispense(slowly).echo(1, { timeoutMs: 10 }));
  expect(clock.held).toBe(1);
  expect([(await late)["code"], clock.held]).toEqual(["CALL_TIMEOUT", 0]);
  await host.close();
});

test("messages travel by the clock that is given for them, and deadlines by each end's own", async () => {
  const soon: (() => void)[] = [];
  const clock: Clock = { ...systemClock, soon: (task) => void soon.push(task) };
  const [host] = connectPair(end([], "the plugin"), end([echoes], "the host"), clock);
  const call = host.dispense(echo).echo(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(soon.length).toBeGreaterThan(0);
  const pump = setInterval(() => {
    for (const task of soon.splice(0)) task();
  }, 1);
  expect(await call).toBe(1);
  await host.close();
  clearInterval(pump);
});
