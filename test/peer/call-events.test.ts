import { AsyncLocalStorage } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";
import { afterEach, expect, test } from "vitest";
import * as z from "zod";
import { type CallEvent, defineContract, implement, method, notification, stream, type ValidationError } from "../../src/index.js";
import { rejection } from "../kit/fixtures.js";
import { type PairOptions, peerPair } from "../kit/peer-pair.js";

const calls = channel("mortise:call");
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** The events of one side, from now to the end of the test. */
function watch(side: CallEvent["side"]): CallEvent[] {
  const events: CallEvent[] = [];
  const onEvent = (event: unknown): void => void ((event as CallEvent).side === side && events.push(event as CallEvent));
  calls.subscribe(onEvent);
  stops.push(() => calls.unsubscribe(onEvent));
  return events;
}

const kv = defineContract("kv", {
  get: method({ input: z.string(), output: z.string() }),
  later: method<string, string>(),
  fail: method(),
  note: notification<string>(),
  count: stream<number, number>(),
  use: method<{ callback(): string }, string>(),
});
/** A plugin that does all of it; `later` answers when let go. */
function pair(options: PairOptions = {}) {
  let letGo = (): void => {};
  const implementation = implement(kv, {
    get: (key) => (key === "wrong" ? (5 as never) : key),
    later: (key) => new Promise((resolve) => (letGo = () => resolve(key))),
    fail: () => {
      throw new Error("no");
    },
    note: () => {},
    async *count(most) {
      for (let n = 0; n < most; n++) yield n;
      if (most > 2) throw new Error("too many");
    },
    use: ({ callback }) => callback(),
  });
  return { ...peerPair({ provides: [implementation], ...options }), letGo: () => letGo() };
}
const about = { contract: "kv", plugin: 'plugin "kv"' };
const there = { contract: "kv", plugin: "the host" };
const errorOf = (event: CallEvent | undefined): Partial<ValidationError> => event?.error as ValidationError;
const briefly = (events: readonly CallEvent[]): string[] => events.map(({ phase, member }) => `${phase} ${member}`);

test("a method tells its start and its end on both sides, with how long it took", async () => {
  const [ours, theirs] = [watch("caller"), watch("handler")];
  const { host, clock, letGo } = pair();
  const answer = host.dispense(kv).later("a");
  await host.ping();
  clock.advance(25);
  letGo();
  await answer;
  const call = { member: "later", kind: "method" };
  expect(ours).toEqual([
    { phase: "start", side: "caller", call: expect.any(Number), ...about, ...call },
    { phase: "end", side: "caller", call: ours[0]?.call, durationMs: 25, ...about, ...call },
  ]);
  expect(theirs).toEqual([
    { phase: "start", side: "handler", call: expect.any(Number), ...there, ...call },
    { phase: "end", side: "handler", call: theirs[0]?.call, durationMs: 25, ...there, ...call },
  ]);
  expect(theirs[0]?.call).not.toBe(ours[0]?.call);
  await host.close();
});

test("a call whose handler throws tells the error itself where it was thrown, and what became of it where it was called", async () => {
  const [ours, theirs] = [watch("caller"), watch("handler")];
  const { host } = pair();
  const error = await rejection(host.dispense(kv).fail());
  expect([briefly(ours), briefly(theirs)]).toEqual([
    ["start fail", "error fail"],
    ["start fail", "error fail"],
  ]);
  expect([ours[1]?.error, errorOf(theirs[1]).name]).toEqual([error, "Error"]);
  await host.close();
});

test("a call that the caller finds wrong tells an error there, and nothing where it would have run", async () => {
  const [ours, theirs] = [watch("caller"), watch("handler")];
  const { host } = pair();
  const error = await rejection(host.dispense(kv).get(5 as never));
  expect(ours.map((event) => event.error)).toEqual([undefined, error]);
  expect(theirs).toEqual([]);
  await host.close();
});

test("a result that does not fit is told as the ValidationError that it is", async () => {
  const theirs = watch("handler");
  const { host } = pair({ hostValidates: false });
  await rejection(host.dispense(kv).get("wrong"));
  expect(errorOf(theirs[1]).issues).toHaveLength(1);
  await host.close();
});

test("a notification ends where it is sent once it was handed over, and where it is heard once it has run", async () => {
  const [ours, theirs] = [watch("caller"), watch("handler")];
  const { host } = pair();
  await host.dispense(kv).note("a");
  await host.ping();
  expect([briefly(ours), briefly(theirs)]).toEqual([
    ["start note", "end note"],
    ["start note", "end note"],
  ]);
  expect(ours.map(({ kind }) => kind)).toEqual(["notification", "notification"]);
  await host.close();
});

test("a stream begins when it is first read, and ends when it has been", async () => {
  const [ours, theirs] = [watch("caller"), watch("handler")];
  const { host } = pair();
  const items = host.dispense(kv).count(2)[Symbol.asyncIterator]();
  expect(ours).toEqual([]);
  await items.next();
  expect([briefly(ours), ours[0]?.kind]).toEqual([["start count"], "stream"]);
  expect([await items.next(), await items.next()].map(({ value }) => value)).toEqual([1, undefined]);
  expect([briefly(ours), briefly(theirs)]).toEqual([
    ["start count", "end count"],
    ["start count", "end count"],
  ]);
  await host.close();
});

test("a stream that is left early ends on both sides, and one that fails is an error on both", async () => {
  const [ours, theirs] = [watch("caller"), watch("handler")];
  const { host } = pair();
  const { count } = host.dispense(kv);
  for await (const _ of count(2)) break;
  await host.ping();
  expect([briefly(ours), briefly(theirs)]).toEqual([
    ["start count", "end count"],
    ["start count", "end count"],
  ]);
  const items = count(3)[Symbol.asyncIterator]();
  for (let n = 0; n < 3; n++) await items.next();
  const error = await rejection(items.next());
  expect([ours.at(-1)?.error, errorOf(theirs.at(-1)).message]).toEqual([error, "too many"]);
  await host.close();
});

test("a call by name tells the same, and the protocol's own calls and callbacks tell nothing", async () => {
  const [ours, theirs] = [watch("caller"), watch("handler")];
  const { host } = pair();
  await host.call("kv.use", { callback: () => "a" });
  await host.ping();
  expect([briefly(ours), briefly(theirs)]).toEqual([
    ["start use", "end use"],
    ["start use", "end use"],
  ]);
  await rejection(host.call("nowhere"));
  expect(ours[2]).toMatchObject({ phase: "start", contract: "", member: "nowhere", kind: "method" });
  await host.close();
});

test("a store that is bound to the channel is what a handler finds, and nothing once nobody watches", async () => {
  const storage = new AsyncLocalStorage<string>();
  const found: unknown[] = [];
  const look = defineContract("look", { around: method<string>() });
  const { host } = peerPair({ provides: [implement(look, { around: () => void found.push(storage.getStore()) })] });
  calls.bindStore(storage, (event) => (event as CallEvent).side);
  await host.dispense(look).around("a");
  calls.unbindStore(storage);
  await host.dispense(look).around("b");
  expect(found).toEqual(["handler", undefined]);
  expect(calls.hasSubscribers).toBe(false);
  await host.close();
});
