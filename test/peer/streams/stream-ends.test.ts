import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";
import { settled } from "../../kit/script-channel.js";

const lines = defineContract("lines", {
  tail: stream<string, number>(),
  echo: stream<AsyncIterable<number>, number>(),
  sum: method<AsyncIterable<number>, number>(),
  first: method<AsyncIterable<number>, number | undefined>(),
  keep: method<AsyncIterable<number>>(),
});

/** A pair whose plugin and host remember what their generators' `finally` saw. */
function scene() {
  const closed: string[] = [];
  let kept: AsyncIterable<number> | undefined;
  const pair = peerPair({
    provides: [
      implement(lines, {
        async *tail(name, { signal }) {
          try {
            for (let n = 0; ; n++) yield n;
          } finally {
            closed.push(`${name}: ${signal.reason?.code}`);
          }
        },
        async *echo(items) {
          try {
            for await (const item of items) yield item;
          } finally {
            closed.push("echo");
          }
        },
        async sum(items) {
          let sum = 0;
          for await (const item of items) sum += item;
          return sum;
        },
        async first(items) {
          for await (const item of items) return item;
          return undefined;
        },
        keep: (items) => void (kept = items),
      }),
    ],
  });
  async function* endless(name: string): AsyncGenerator<number> {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      closed.push(name);
    }
  }
  const { peer: host } = pair.host;
  const { peer: plugin } = pair.plugin;
  /** Empty once nothing of any call or stream is left on either side. */
  const left = (): number[] =>
    [host.openStreams, plugin.openStreams, host.pending, plugin.pending, host.running, plugin.running].filter(Boolean);
  return { ...pair, closed, endless, left, remote: pair.host.dispense(lines), kept: () => kept as AsyncIterable<number> };
}
/** A message takes one turn to the other side of a memory channel, and the answer another. */
async function roundTrip(): Promise<void> {
  await settled();
  await settled();
}
async function* upTo(last: number): AsyncGenerator<number> {
  for (let n = 1; n <= last; n++) yield n;
}

test("break ends both ends of a stream within a round trip, and the generator's finally runs", async () => {
  const { remote, closed, left, host } = scene();
  for await (const n of remote.tail("log")) if (n === 1_000) break;
  await roundTrip();
  expect([closed, left()]).toEqual([["log: CANCELLED"], []]);
  await host.close();
});

test("what the reading side throws in its loop ends both ends", async () => {
  const { remote, closed, left, host } = scene();
  const reading = (async () => {
    for await (const n of remote.tail("log")) if (n === 3) throw new Error("not that one");
  })();
  expect(await rejection(reading)).toMatchObject({ message: "not that one" });
  await roundTrip();
  expect([closed, left()]).toEqual([["log: CANCELLED"], []]);
  await host.close();
});

test("an abort ends both ends, and the loop with the signal's reason", async () => {
  const { remote, closed, left, host } = scene();
  const controller = new AbortController();
  const reading = (async () => {
    for await (const n of remote.tail("log", { signal: controller.signal })) if (n === 3) controller.abort(new Error("enough"));
  })();
  expect(await rejection(reading)).toMatchObject({ message: "enough" });
  await roundTrip();
  expect([closed, left()]).toEqual([["log: CANCELLED"], []]);
  await host.close();
});

test.each(["host", "plugin"] as const)("the %s's close() ends all streams, with a reason on both sides", async (who) => {
  const { remote, closed, left, endless, ...ends } = scene();
  const reading = remote.tail("log")[Symbol.asyncIterator]();
  const both = remote.echo(endless("input"))[Symbol.asyncIterator]();
  await Promise.all([reading.next(), both.next()]);
  await ends[who].close();
  await roundTrip();
  const code = who === "host" ? "CONNECTION_CLOSED" : "CONNECTION_LOST";
  const what = who === "host" ? 'we closed the connection to plugin "kv"' : 'the connection to plugin "kv" was closed by it';
  expect(await rejection(reading.next())).toMatchObject({ code, message: `Lost the rest of "lines.tail": ${what}` });
  expect([await reading.next(), left()]).toEqual([{ done: true, value: undefined }, []]);
  expect(closed.map((one) => one.replace(/: .*/, "")).sort()).toEqual(["echo", "input", "log"]);
  expect(closed).toContain(who === "host" ? "log: CONNECTION_LOST" : "log: CONNECTION_CLOSED");
});

test("an input stream is read to its end by the other side", async () => {
  const { remote, left, host } = scene();
  expect(await remote.sum(upTo(1_000))).toBe((1_000 * 1_001) / 2);
  await roundTrip();
  expect(left()).toEqual([]);
  await host.close();
});

test("an input stream that the handler stops reading is closed, and so is one that it never reads", async () => {
  const { remote, closed, left, endless, host, kept } = scene();
  expect(await remote.first(endless("a"))).toBe(0);
  await remote.keep(endless("b"));
  await roundTrip();
  expect([closed, left()]).toEqual([["a", "b"], []]);
  expect(await rejection(kept()[Symbol.asyncIterator]().next())).toMatchObject({
    code: "NOT_SENT",
    message:
      'Cannot read "stream to lines.keep": the call that lent it is over, and it lasts no longer\n  Await all use of it before the handler returns.',
  });
  await host.close();
});

test("what an input stream throws reaches the handler, and from there the caller", async () => {
  const { remote, left, host } = scene();
  async function* failing(): AsyncGenerator<number> {
    yield 1;
    throw new RangeError("no more");
  }
  const error = await rejection(remote.sum(failing()));
  expect(error).toMatchObject({ code: "REMOTE_ERROR", message: "no more" });
  await roundTrip();
  expect(left()).toEqual([]);
  await host.close();
});

test("a call that is aborted while its handler reads an input stream closes that", async () => {
  const { remote, closed, left, endless, host } = scene();
  const controller = new AbortController();
  const call = rejection(remote.sum(endless("input"), { signal: controller.signal }));
  await roundTrip();
  controller.abort(new Error("enough"));
  expect(await call).toMatchObject({ message: "enough" });
  await roundTrip();
  expect([closed, left()]).toEqual([["input"], []]);
  await host.close();
});

test("a two-way stream gives and takes at once, and a break ends all four ends", async () => {
  const { remote, closed, left, endless, host } = scene();
  const items: number[] = [];
  for await (const item of remote.echo(endless("input"))) {
    items.push(item);
    if (items.length === 2_000) break;
  }
  expect(items).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
  await roundTrip();
  expect([closed.sort(), left()]).toEqual([["echo", "input"], []]);
  await host.close();
});

test("a two-way stream whose input ends is over when its generator returns", async () => {
  const { remote, closed, left, host } = scene();
  const items: number[] = [];
  for await (const item of remote.echo(upTo(600))) items.push(item);
  await roundTrip();
  expect([items.length, closed, left()]).toEqual([600, ["echo"], []]);
  await host.close();
});

test("a reader that stops reading holds its credit and stops no other call or stream", async () => {
  const { remote, left, host } = scene();
  const stalled = remote.tail("stalled")[Symbol.asyncIterator]();
  await stalled.next();
  expect(await remote.sum(upTo(1_000))).toBe(500_500);
  let read = 0;
  for await (const _ of remote.tail("other")) if (++read === 5_000) break;
  await stalled.return?.();
  await roundTrip();
  expect(left()).toEqual([]);
  await host.close();
});

test("a draining side finishes the streams that are open, takes no new ones, and waits no longer than its grace", async () => {
  const { remote, plugin, clock, closed, host } = scene();
  const finite = remote.echo(upTo(1_000))[Symbol.asyncIterator]();
  const endless = remote.tail("endless")[Symbol.asyncIterator]();
  await Promise.all([finite.next(), endless.next()]);
  let drained = false;
  const draining = plugin.peer.drain(1_000).then(() => (drained = true));
  expect(await rejection(remote.tail("new")[Symbol.asyncIterator]().next())).toMatchObject({ code: "NOT_SENT" });
  let last: number | undefined;
  for (let step = await finite.next(); step.done !== true; step = await finite.next()) last = step.value;
  expect([last, closed, drained]).toEqual([1_000, ["echo"], false]);
  clock.advance(1_000);
  await draining;
  await host.close();
});

test("a remote's stream is passed on as an input, and closed when whoever it was passed to stops reading", async () => {
  const { remote, closed, left, host } = scene();
  expect(await remote.first(remote.tail("passed on"))).toBe(0);
  await roundTrip();
  await roundTrip();
  expect([closed, left()]).toEqual([["passed on: CANCELLED"], []]);
  await host.close();
});
