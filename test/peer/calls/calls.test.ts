import { expect, test } from "vitest";
import { rejection } from "../../kit/fixtures.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

test("calls are numbered from 0, and each gets its own answer, in whatever order they come", async () => {
  const { connection, channel } = scripted();
  const answers = ["a", "b", "c"].map((input) => connection.call("kv.get", input));
  const messages = channel.take();
  expect(messages.map(({ id }) => id)).toEqual([0, 1, 2]);
  for (const { id, params } of messages.reverse()) channel.answer(id, `${params[0]}!`);
  expect(await Promise.all(answers)).toEqual(["a!", "b!", "c!"]);
  expect(connection.peer.pending).toBe(0);
});

test("10,000 calls in flight get their own answers, and none is lost when the room for them grows", async () => {
  const { connection, channel } = scripted();
  const old = connection.call("kv.get", "old");
  const answers = Array.from({ length: 10_000 }, (_, n) => connection.call("kv.get", { n }));
  expect(connection.peer.pending).toBe(10_001);
  const [first, ...others] = channel.take();
  for (const { id, params } of others.sort(() => 0.5 - ((connection.peer.pending * 7) % 2))) channel.answer(id, params.n);
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  channel.answer(first.id, "old answer");
  expect(await old).toBe("old answer");
});

test("an id is not given out again while an old call still has its place", async () => {
  const { connection, channel } = scripted();
  const old = outcome(connection.call("kv.wait"));
  for (let n = 0; n < 1_000; n++) {
    const answer = connection.call("kv.get", { n });
    const { id } = channel.take().at(-1);
    expect(id).toBeGreaterThan(0);
    channel.answer(id, n);
    expect(await answer).toBe(n);
  }
  expect(old.state).toBe("pending");
  channel.answer(0, "done");
  await settled();
  expect(old.value).toBe("done");
});

test("a call that the input's own toJSON places is a call like any other", async () => {
  const { connection, channel } = scripted();
  let inner: Promise<unknown> | undefined;
  const outer = connection.call("kv.set", {
    toJSON() {
      inner = connection.call("kv.get");
      return { x: 1 };
    },
  });
  const messages = channel.take();
  expect(new Set(messages.map(({ id }) => id)).size).toBe(2);
  for (const { id, method } of messages) channel.answer(id, method);
  expect([await outer, await inner]).toEqual(["kv.set", "kv.get"]);
});

test("a call whose input ends the connection while it is encoded is rejected, and was not sent", async () => {
  const { connection, channel } = scripted();
  const input = { toJSON: () => void connection.close() };
  expect(await rejection(connection.call("kv.set", { input }, { timeoutMs: Number.POSITIVE_INFINITY }))).toMatchObject({
    code: "NOT_SENT",
  });
  expect([channel.take(), connection.peer.pending]).toEqual([[], 0]);
});

test("an input is sent as it is at the time of the call", () => {
  const { connection, channel } = scripted();
  const input = { n: 1 };
  void connection.call("kv.get", input);
  input.n = 2;
  expect(channel.take()[0].params).toEqual({ n: 1 });
});

test.each([
  ["a plain object", { a: 1 }, { a: 1 }],
  ["a string", "x", ["x"]],
  ["null", null, [null]],
  ["an array", [1, 2], [[1, 2]]],
  ["a date", new Date(0), ["1970-01-01T00:00:00.000Z"]],
  ["nothing", undefined, undefined],
])("%s as input is what the protocol says", (_name, input, params) => {
  const { connection, channel } = scripted();
  void connection.call("kv.get", input);
  expect(channel.take()[0].params).toEqual(params);
});

test.each(["", 'a"b', "a\nb", "x".repeat(129), undefined])(
  "a call by a name that cannot be one is refused, and nothing is sent: %j",
  async (name) => {
    const { connection, channel } = scripted();
    const error = await rejection(connection.call(name as string));
    expect(error).toEqual(new TypeError(`Cannot call "${name}": a name is 1 to 128 of A-Z a-z 0-9 _ . : / $ -`));
    expect(channel.take()).toEqual([]);
  },
);

test("[O27] ping() resolves with the round trip in milliseconds, and rejects once the connection is gone", async () => {
  const { connection, channel, clock } = scripted();
  const ping = connection.ping();
  const [{ id, method }] = channel.take();
  expect(method).toBe("rpc.ping");
  clock.advance(12);
  channel.answer(id, "pong");
  expect(await ping).toBe(12);
  channel.end();
  const late = connection.ping();
  clock.runSoon();
  expect(await rejection(late)).toMatchObject({ code: "NOT_SENT" });
});

test("[O27] ping() is answered by every side, and takes a deadline", async () => {
  const { connection, channel, clock } = scripted();
  channel.say({ jsonrpc: "2.0", id: 0, method: "rpc.ping" });
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", id: 0, result: "pong" }]);
  const ping = connection.ping({ timeoutMs: 100 });
  clock.advance(100);
  expect(await rejection(ping)).toMatchObject({ code: "CALL_TIMEOUT" });
});
