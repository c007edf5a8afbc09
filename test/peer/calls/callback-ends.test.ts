import { expect, test } from "vitest";
import { defineContract, implement, method } from "../../../src/index.js";
import { type Deferred, deferred } from "../../../src/util/deferred.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const jobs = defineContract("jobs", { run: method<{ readonly on: (...args: any[]) => any }, unknown>() });

/** A plugin that calls its callback, remembers what came of it, and answers when the test says so. */
function scene(use: (on: (...args: any[]) => Promise<any>, answer: Deferred<unknown>) => unknown = (on) => void on("?")) {
  const answer = deferred<unknown>();
  const asked: ReturnType<typeof outcome>[] = [];
  const pair = peerPair({
    provides: [
      implement(jobs, {
        run: ({ on }) => {
          const watched = (...args: unknown[]): Promise<unknown> => {
            const promise = on(...args);
            asked.push(outcome(promise));
            return promise;
          };
          Promise.resolve(use(watched, answer)).catch(() => {});
          return answer.promise;
        },
      }),
    ],
  });
  const { peer: host } = pair.host;
  const { peer: plugin } = pair.plugin;
  const left = (): number[] => [host.pending, plugin.pending, host.running, plugin.running, host.lentFunctions].filter(Boolean);
  return { ...pair, answer, asked, left, run: pair.host.dispense(jobs).run };
}
/** A message leaves at the end of its tick, and arrives in the next turn; two of them, and a turn for what comes of the second. */
async function roundTrips(count: number): Promise<void> {
  for (let turn = 0; turn < 3 * count; turn++) await settled();
}

test("[F69] a call that is aborted while its callback runs ends both at once, on both sides", async () => {
  const { run, asked, left, host } = scene();
  const controller = new AbortController();
  const call = rejection(run({ on: () => new Promise(() => {}) }, { signal: controller.signal }));
  await roundTrips(1);
  expect(host.peer.running).toBe(1);
  controller.abort(new Error("enough"));
  expect(await call).toMatchObject({ message: "enough" });
  await roundTrips(1);
  expect(asked).toMatchObject([
    { state: "rejected", value: { code: "CANCELLED", message: "The call was ended: the caller cancelled it" } },
  ]);
  expect(left()).toEqual([]);
  await host.close();
});

test("a call that times out while its callback runs ends both, and a callback that comes too late is refused", async () => {
  const { run, asked, left, clock, host } = scene((on) => void setImmediate(() => setImmediate(() => void on("late"))));
  const call = rejection(run({ on: () => "never" }, { timeoutMs: 100 }));
  clock.advance(100);
  expect(await call).toMatchObject({ code: "CALL_TIMEOUT" });
  await roundTrips(3);
  expect(asked).toMatchObject([{ state: "rejected", value: { code: "NOT_SENT" } }]);
  expect(left()).toEqual([]);
  await host.close();
});

test("a callback that was on its way when its call was given up is answered that it is over", async () => {
  const { connection, channel } = scripted({ provided: [{ name: "jobs", members: { run: { kind: "method" } } }] });
  const controller = new AbortController();
  const call = rejection(connection.dispense(jobs).run({ on: () => {} }, { signal: controller.signal }));
  const { refs } = channel.take()[0];
  controller.abort();
  await call;
  channel.take();
  channel.say({ jsonrpc: "2.0", id: 0, method: "rpc.invoke", params: { function: refs["/on"].function, args: [] } });
  expect(channel.take()).toEqual([
    { jsonrpc: "2.0", id: 0, error: { code: -32601, message: "Cannot call that function: the call that lent it is over" } },
  ]);
});

test("a callback that nobody awaits is finished after its call has its answer, and fails in silence", async () => {
  const { run, asked, left, answer, host } = scene((on) => {
    void on("quick");
    void on("fails");
  });
  const slow = deferred<string>();
  const on = (what: string): unknown => (what === "quick" ? slow.promise : Promise.reject(new Error("unheard")));
  const call = run({ on });
  await roundTrips(1);
  answer.resolve("answer");
  expect(await call).toBe("answer");
  slow.resolve("done");
  await roundTrips(2);
  expect(asked).toMatchObject([
    { state: "resolved", value: "done" },
    { state: "rejected", value: { message: "unheard" } },
  ]);
  expect(left()).toEqual([]);
  await host.close();
});

test("a lost connection rejects callbacks that run, aborts nothing twice, and lets go of all that was lent", async () => {
  const { run, asked, left, host, plugin } = scene();
  const call = rejection(run({ on: () => new Promise(() => {}) }));
  await roundTrips(1);
  await plugin.close();
  expect(await call).toMatchObject({ code: "CONNECTION_LOST" });
  await host.closed;
  expect(asked).toMatchObject([{ state: "rejected", times: 1, value: { code: "CONNECTION_CLOSED" } }]);
  expect(left()).toEqual([]);
});

test("a callback is answered by a side that takes no calls yet, or no more: it is part of one that runs", async () => {
  const { run, answer, host, left } = scene((on, end) => void on("?").then(end.resolve));
  const call = run({ on: () => "still here" });
  const draining = host.peer.drain(1_000);
  expect(await call).toBe("still here");
  await draining;
  expect([await answer.promise, left()]).toEqual(["still here", []]);
  await host.close();
});

test("[P1] a call that reports progress does not time out while it does, if that was asked for, up to an absolute cap", async () => {
  const { run, clock, host, left } = scene(async (on) => {
    for (;;) await on();
  });
  let report = deferred<void>();
  const on = (): Promise<void> => report.promise;
  const call = outcome(run({ on }, { timeoutMs: 100, progressResetsTimeout: true, maxTotalMs: 500 }));
  for (let ms = 0; ms < 480; ms += 80) {
    await roundTrips(1);
    clock.advance(80);
    report.resolve();
    report = deferred();
    await roundTrips(2);
    expect(call.state).toBe("pending");
  }
  clock.advance(20);
  await settled();
  expect(call).toMatchObject({
    state: "rejected",
    value: {
      code: "CALL_TIMEOUT",
      message: 'Gave up the call of "jobs.run": plugin "kv" did not answer in 500 ms; it may have run',
    },
  });
  await roundTrips(2);
  expect(left()).toEqual([]);
  await host.close();
});

test("progress counts from the last call of a callback: without more of it the call times out as any other", async () => {
  const { run, clock, host } = scene();
  const call = outcome(run({ on: () => {} }, { timeoutMs: 100, progressResetsTimeout: true }));
  clock.advance(80);
  await roundTrips(1);
  clock.advance(99);
  await settled();
  expect(call.state).toBe("pending");
  clock.advance(1);
  await settled();
  expect(call.value.message).toBe('Gave up the call of "jobs.run": plugin "kv" did not answer in 100 ms; it may have run');
  await host.close();
});

test.each([
  [{ timeoutMs: 100 }, 100],
  [{ timeoutMs: 100, maxTotalMs: 1_000 }, 100],
  [{ timeoutMs: 1_000, maxTotalMs: 100 }, 100],
  [{ maxTotalMs: 100, progressResetsTimeout: false }, 100],
])("a call with %j and no progress that counts is given up after %i ms", async (options, ms) => {
  const { run, clock, host } = scene();
  const call = outcome(run({ on: () => {} }, options));
  clock.advance(ms - 1);
  await roundTrips(1);
  expect(call.state).toBe("pending");
  clock.advance(1);
  await settled();
  expect(call.value).toMatchObject({ code: "CALL_TIMEOUT", message: expect.stringContaining(`did not answer in ${ms} ms`) });
  await host.close();
});

const PATIENCE = "and it must be a number of milliseconds above 0, or Infinity";
test.each([
  [{ maxTotalMs: 0 }, RangeError, `maxTotalMs is 0, ${PATIENCE}`],
  [{ maxTotalMs: "5" }, TypeError, `maxTotalMs is "5", ${PATIENCE}`],
  [{ timeoutMs: Number.NaN }, RangeError, `timeoutMs is NaN, ${PATIENCE}`],
  [{ progressResetsTimeout: 1 }, TypeError, "progressResetsTimeout is 1, and it must be true or false"],
])("options %j of a call are refused", async (options, kind, problem) => {
  const { run, host } = scene();
  expect(await rejection(run({ on: () => {} }, options as object))).toEqual(new kind(`Cannot call "jobs.run": ${problem}`));
  expect(host.peer.pending).toBe(0);
  await host.close();
});
