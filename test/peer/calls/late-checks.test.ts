import { expect, test } from "vitest";
import { action, defineContract, defineTopics, implement, method, type Schema, stream } from "../../../src/index.js";
import { peerPair } from "../../kit/peer-pair.js";
import { outcome, settled } from "../../kit/script-channel.js";

/** A schema that settles when the test says so. */
function held() {
  const checks: ((result: { value: unknown }) => void)[] = [];
  const schema: Schema<unknown, unknown> = {
    "~standard": { version: 1, vendor: "test", validate: () => new Promise((resolve) => void checks.push(resolve)) },
  };
  return { schema, checks };
}

/** A host whose schemas of results and items are held, and a plugin that checks nothing. */
function scene() {
  const { schema, checks } = held();
  const seen = defineContract("kv", { get: method({ output: schema }), list: stream({ output: schema }) });
  const own = defineContract("kv", { get: method<void, unknown>(), list: stream<void, unknown>() });
  const provides = [
    implement(own, {
      get: () => 1,
      async *list() {
        yield 1;
        yield 2;
      },
    }),
  ];
  const pair = peerPair({ provides });
  return { ...pair, checks, ...pair.host.dispense(seen) };
}
const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await settled();
};

test("[P1] a result whose check never settles ends at the call's deadline", async () => {
  const { get, host, clock, checks } = scene();
  const call = outcome(get(undefined, { timeoutMs: 200 }));
  await until(() => checks.length === 1);
  expect([call.state, host.peer.pending]).toEqual(["pending", 0]);
  clock.advance(199);
  await settled();
  expect(call.state).toBe("pending");
  clock.advance(1);
  await settled();
  expect(call.value).toMatchObject({
    code: "CALL_TIMEOUT",
    message: 'Gave up the call of "kv.get": its schema did not check the result in 200 ms; it has run',
  });
  expect([call.times, clock.timers, host.counters.errors]).toEqual([1, 0, 1]);
  await host.close();
});

test("[P1] it ends with the signal's reason, and with the connection", async () => {
  const { get, host, clock, checks } = scene();
  const controller = new AbortController();
  const aborted = outcome(get(undefined, { signal: controller.signal }));
  const lost = outcome(get(undefined, { timeoutMs: Number.POSITIVE_INFINITY }));
  await until(() => checks.length === 2);
  const reason = new Error("gave up");
  controller.abort(reason);
  await settled();
  expect([aborted.value, lost.state]).toEqual([reason, "pending"]);
  await host.close();
  await settled();
  expect(lost.value).toMatchObject({ code: "CONNECTION_CLOSED" });
  expect(lost.value.message).toContain('Lost the answer to "kv.get": we closed the connection');
  expect([lost.times, clock.timers]).toEqual([1, 0]);
});

test("a result is there once its check has settled, and nothing is left behind", async () => {
  const { get, host, clock, checks } = scene();
  const call = outcome(get());
  await until(() => checks.length === 1);
  checks[0]?.({ value: "checked" });
  await settled();
  await host.close();
  expect([call.value, clock.timers]).toEqual(["checked", 0]);
});

test("[P1] an item whose check never settles ends with the signal, though the stream has ended and its connection is closed", async () => {
  const { list, host, checks, clock } = scene();
  const controller = new AbortController();
  const iterator = list(undefined, { signal: controller.signal })[Symbol.asyncIterator]();
  const first = outcome(iterator.next());
  await until(() => checks.length === 1 && host.peer.openStreams === 0);
  await host.close();
  expect(first.state).toBe("pending");
  const reason = new Error("gave up");
  controller.abort(reason);
  await settled();
  expect([first.value, first.times]).toEqual([reason, 1]);
  expect([await iterator.next(), clock.timers]).toEqual([{ done: true, value: undefined }, 0]);
});

test("[P1] it ends after as long as a call may take, and with return()", async () => {
  const { list, host, checks, clock } = scene();
  const timed = list()[Symbol.asyncIterator]();
  const late = outcome(timed.next());
  await until(() => checks.length === 1 && host.peer.openStreams === 0);
  clock.advance(60_000);
  await settled();
  expect(late.value).toMatchObject({
    code: "CALL_TIMEOUT",
    message: 'Gave up stream "kv.list": its schema did not check an item in 60000 ms',
  });
  expect(await timed.next()).toEqual({ done: true, value: undefined });
  const ended = list()[Symbol.asyncIterator]();
  const [one, two] = [outcome(ended.next()), outcome(ended.next())];
  await until(() => checks.length === 3);
  await ended.return?.();
  await settled();
  expect([one.value, two.value]).toEqual(Array(2).fill({ done: true, value: undefined }));
  await host.close();
});

test("[P1] checks of items of a stream that is cut off end with it, told once", async () => {
  const { schema, checks } = held();
  const own = defineContract("kv", { list: stream<void, unknown>() });
  const provides = [
    implement(own, {
      async *list() {
        yield 1;
        yield 2;
        await new Promise(() => {});
      },
    }),
  ];
  const { host } = peerPair({ provides });
  const iterator = host
    .dispense(defineContract("kv", { list: stream({ output: schema }) }))
    .list()
    [Symbol.asyncIterator]();
  const [one, two] = [outcome(iterator.next()), outcome(iterator.next())];
  await until(() => checks.length === 2);
  await host.close();
  await settled();
  expect(one.value).toMatchObject({ code: "CONNECTION_CLOSED" });
  expect(two.value).toEqual({ done: true, value: undefined });
});

test("[P1] an input whose check never settles, of a call that may take for ever, is refused once the connection is over", async () => {
  const { schema } = held();
  const seen = defineContract("kv", { get: method({ input: schema }) });
  const { host, clock } = peerPair({ provides: [implement(defineContract("kv", { get: method<unknown, void>() }), { get: () => {} })] });
  const call = outcome(host.dispense(seen).get(1, { timeoutMs: Number.POSITIVE_INFINITY }));
  await host.close();
  await settled();
  clock.runSoon();
  await settled();
  expect(call.value).toMatchObject({ code: "NOT_SENT" });
});

test("[P1] the check of what a topic is given ends at the call's deadline, and with its signal", async () => {
  const { schema } = held();
  const topics = defineTopics("blog", { publish: action({ input: schema }) });
  const { plugin, clock, host } = peerPair();
  const bus = plugin.dispense(topics);
  const late = outcome(bus.run("publish", 1, { timeoutMs: 100 }));
  const controller = new AbortController();
  const given = outcome(bus.run("publish", 1, { signal: controller.signal }));
  await settled();
  clock.advance(100);
  controller.abort("enough");
  await settled();
  expect([late.value.code, given.value]).toEqual(["CALL_TIMEOUT", "enough"]);
  await host.close();
});
