import { expect, test } from "vitest";
import { defineContract, implement, stream } from "../../../src/index.js";
import { type Deferred, deferred } from "../../../src/util/deferred.js";
import { recordsOf } from "../../kit/options.js";
import { scripted, settled } from "../../kit/script-channel.js";

const slow = deferred<void>();
const schema = {
  "~standard": { version: 1, vendor: "test", validate: (value: unknown) => slow.promise.then(() => ({ value })) },
} as const;
const kv = defineContract("kv", { keys: stream<unknown, string>(), checked: stream({ input: schema as never }) });

/** A side whose stream opens when the test says so. */
function provider() {
  const opening: Deferred<AsyncIterable<string>> = deferred();
  const seen: { signal: AbortSignal | undefined; closed: boolean; ran: boolean } = { signal: undefined, closed: false, ran: false };
  const source: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => {
        seen.closed = true;
        return { done: true, value: undefined };
      },
    }),
  };
  const side = scripted();
  const implementation = implement(kv, {
    keys: ((_: unknown, { signal }: { signal: AbortSignal }) => {
      seen.signal = signal;
      return opening.promise;
    }) as never,
    checked: () => {
      seen.ran = true;
      return source;
    },
  });
  side.connection.provide(recordsOf([implementation]));
  const ask = (name: string, timeoutMs: unknown): void =>
    side.channel.say({ jsonrpc: "2.0", id: 0, method: name, params: {}, meta: { timeoutMs } });
  return { ...side, seen, ask, open: () => opening.resolve(source), fail: () => opening.reject(new Error("late")) };
}
const PASSED = [{ jsonrpc: "2.0", id: 0, error: { code: -32800, message: "The call was ended: its 50 ms passed" } }];

test("[F71] meta.timeoutMs ends a stream that has not opened by then, and its source is closed unread when it comes", async () => {
  const { channel, clock, seen, connection, ask, open } = provider();
  ask("kv.keys", 50);
  await settled();
  clock.advance(50);
  expect(channel.take()).toEqual(PASSED);
  expect([seen.signal?.aborted, connection.peer.running, clock.timers]).toEqual([true, 0, 0]);
  open();
  await settled();
  expect([seen.closed, channel.take(), connection.peer.openStreams]).toEqual([true, [], 0]);
});

test("[F71] a stream that fails to open after its deadline is answered no more", async () => {
  const { channel, clock, ask, fail } = provider();
  ask("kv.keys", 50);
  clock.advance(50);
  fail();
  await settled();
  expect(channel.take()).toEqual(PASSED);
});

test("[F71] meta.timeoutMs covers the check of a stream's input", async () => {
  const { channel, clock, seen, ask } = provider();
  ask("kv.checked", 50);
  await settled();
  clock.advance(50);
  slow.resolve();
  await settled();
  expect([channel.take(), seen.ran]).toEqual([PASSED, false]);
});

test("[F71] a stream that opened in time has no deadline, however long its items take", async () => {
  const { channel, clock, seen, connection, ask, open } = provider();
  ask("kv.keys", 50);
  open();
  await settled();
  expect([channel.take(), clock.timers]).toEqual([[{ jsonrpc: "2.0", id: 0, result: { stream: 0 } }], 0]);
  clock.advance(60_000);
  await settled();
  expect([seen.signal?.aborted, connection.peer.openStreams, channel.take()]).toEqual([false, 1, []]);
});
