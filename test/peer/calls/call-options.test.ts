import { expect, test } from "vitest";
import { defineContract, method, notification, stream } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { scripted } from "../../kit/script-channel.js";

const kv = defineContract("kv", { get: method<any, any>(), note: notification<any>(), watch: stream<any, any>() });
const provided = [{ name: "kv", members: { get: { kind: "method" }, note: { kind: "notification" }, watch: { kind: "stream" } } }] as const;

const known = "the options are signal, timeoutMs, progressResetsTimeout, maxTotalMs, waitReadyMs";
const wrong: readonly (readonly [unknown, string])[] = [
  [null, "the options are null, and must be an object"],
  [5, "the options are 5, and must be an object"],
  ["x", 'the options are "x", and must be an object'],
  [Symbol("s"), "the options are Symbol(s), and must be an object"],
  [() => {}, "the options are a function, and must be an object"],
  [[5], "the options are a list, and must be an object"],
  [new Map([["timeoutMs", 5]]), "the options are a Map, and must be an object"],
  [AbortSignal.abort(), "the options are an AbortSignal, and must be an object"],
  [{ zzz: 1 }, `there is no option "zzz"; ${known}`],
  [{ timeoutMs: 5, timeoutMS: 5 }, 'there is no option "timeoutMS"; did you mean "timeoutMs"?'],
  [{ timeoutMs: 10n }, "timeoutMs is 10n, and it must be a number of milliseconds above 0, or Infinity"],
  [{ maxTotalMs: Object.create(null) }, "maxTotalMs is an object, and it must be a number of milliseconds above 0, or Infinity"],
  [{ progressResetsTimeout: "yes" }, 'progressResetsTimeout is "yes", and it must be true or false'],
  [{ signal: new EventTarget() }, "signal is an EventTarget, and it must be an AbortSignal"],
  [{ signal: null }, "signal is null, and it must be an AbortSignal"],
];

test.for(wrong)("[R30] a call whose options cannot be used is refused by name, and not sent: %s", async ([options, fault]) => {
  const { connection, channel } = scripted();
  connection.learn({ provided });
  const given = options as object;
  const { get, note, watch } = connection.dispense(kv);
  for (const call of [get(1, given), connection.call("kv.get", 1, given), note(1, given)]) {
    expect(await rejection(call)).toMatchObject({ message: expect.stringMatching(/^Cannot call "kv\.(get|note)": /) });
    expect((await rejection(call)).message.replace(/^[^:]*: /, "")).toBe(fault);
  }
  expect(() => watch(1, given)).toThrow(`Cannot call "kv.watch": ${fault}`);
  expect((await rejection(connection.ping(given))).message).toContain(fault);
  expect([channel.take(), connection.peer.pending]).toEqual([[], 0]);
});

test("a call takes options of any object: without a prototype, frozen, of a class, or none that are set", () => {
  const { connection, channel } = scripted();
  class Options {
    timeoutMs = 5;
    helper(): void {}
  }
  const bare = Object.assign(Object.create(null) as object, { timeoutMs: 5 });
  for (const options of [
    {},
    { signal: undefined },
    bare,
    Object.freeze({ timeoutMs: 5 }),
    new Options(),
    Object.create({ timeoutMs: 5 }),
  ]) {
    connection.call("kv.get", 1, options).catch(() => {});
  }
  expect(channel.take()).toHaveLength(6);
});

test("what a library has given to every object is no option that is misspelt", () => {
  const { connection, channel } = scripted();
  const everybody = Object.prototype as { clone?: unknown };
  everybody.clone = () => {};
  try {
    connection.call("kv.get", 1, { timeoutMs: 5 }).catch(() => {});
    connection.call("kv.get", 1, {}).catch(() => {});
  } finally {
    delete everybody.clone;
  }
  expect(channel.take()).toHaveLength(2);
});
