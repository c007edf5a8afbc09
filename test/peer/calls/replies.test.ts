import { expect, test } from "vitest";
import { rejection } from "../../kit/fixtures.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

test("[F50] answers that nobody waits for are ignored and counted, and the connection lives", async () => {
  const { connection, channel } = scripted();
  const call = outcome(connection.call("kv.get", 1));
  channel.answer(7, "an id never given out");
  channel.answer("0", "another id than 0");
  channel.answer(64, "another id in the place of 0");
  channel.fail(8, { code: -32000, message: "an error nobody waits for" });
  await settled();
  expect([call.state, connection.peer.counters.orphanReplies]).toEqual(["pending", 4]);
  channel.answer(0, "first");
  channel.answer(0, "second");
  channel.fail(0, { code: -32000, message: "third" });
  await settled();
  expect(call).toMatchObject({ state: "resolved", value: "first", times: 1 });
  expect([connection.peer.open, connection.peer.counters.orphanReplies]).toEqual([true, 6]);
});

test("[F50] the late answer to a call that timed out is dropped, and not counted", async () => {
  const { connection, channel, clock } = scripted();
  const call = outcome(connection.call("kv.get", 1, { timeoutMs: 10 }));
  clock.advance(10);
  channel.fail(0, { code: -32800, message: "The call was ended" });
  await settled();
  expect(call).toMatchObject({ times: 1, value: { code: "CALL_TIMEOUT" } });
  expect(connection.peer.counters.orphanReplies).toBe(0);
});

test.each([
  ["a string", "boom", { message: "boom", remoteName: "Error" }],
  ["an empty object", {}, { message: "the answer was an error of no known form" }],
  ["a number", 5, { message: "the answer was an error of no known form" }],
  ["an array", [1], { message: "the answer was an error of no known form" }],
  ["a code that is text", { code: "E", message: "m" }, { message: "m", remoteCode: undefined }],
  ["a code that is no integer", { code: 1.5, message: "m" }, { message: "m" }],
  ["a message that is an object", { code: -32000, message: { a: 1 } }, { message: "the answer was an error of no known form" }],
  ["a number nobody knows", { code: 12_345, message: "m", data: null }, { message: "m", data: undefined }],
  ["JSON-RPC's internal error", { code: -32603, message: "m" }, { message: "m" }],
  ["data that is text", { code: -32000, message: "m", data: "d" }, { message: "m", remoteName: "Error", data: undefined }],
  [
    "data with members of other types",
    { code: -32000, message: "m", data: { name: 5, code: [], cause: 1 } },
    { remoteName: "Error", remoteCode: undefined },
  ],
])("[F51] an error that is %s rejects the call once with a REMOTE_ERROR of the usual form", async (_shape, error, expected) => {
  const { connection, channel } = scripted();
  const call = outcome(connection.call("kv.get", 1));
  channel.fail(0, error);
  await settled();
  expect(call).toMatchObject({ state: "rejected", times: 1, value: { name: "RemoteError", code: "REMOTE_ERROR", ...expected } });
  expect(connection.peer.open).toBe(true);
});

test("[F51] the message of an error is cut at 4 KiB, at a character, and data beyond 64 KiB is left out", async () => {
  const { connection, channel } = scripted();
  const call = rejection(connection.call("kv.get", 1));
  channel.fail(0, { code: -32000, message: "ü".repeat(1_000_000), data: { name: "Big", data: "x".repeat(70_000) } });
  const error = await call;
  expect(Buffer.byteLength(error.message)).toBeLessThanOrEqual(4_096);
  expect(error.message).toMatch(/^ü{2000,}…$/);
  expect(error).toMatchObject({ remoteName: "Big", data: undefined });
});

test.each([
  ["result and error", { id: 0, result: 1, error: { code: 1, message: "m" } }],
  ["neither", { id: 0 }],
  ["both of them null", { id: 0, result: null, error: null }],
  ["an id that is an object", { id: {}, result: 1 }],
  ["an id that is a fraction", { id: 0.5, result: 1 }],
  ["an id beyond 2^53", '{"jsonrpc":"2.0","id":9007199254740993,"result":1}'],
  ['a jsonrpc that is "1.0"', '{"jsonrpc":"1.0","id":0,"result":1}'],
  ["no jsonrpc", '{"id":0,"result":1}'],
])("[F46, F49, F51] an answer with %s closes the connection, and the call says why", async (_shape, answer) => {
  const { connection, channel } = scripted();
  const call = outcome(connection.call("kv.get", 1));
  channel.say(typeof answer === "string" ? answer : { jsonrpc: "2.0", ...answer });
  await settled();
  expect(call).toMatchObject({ state: "rejected", times: 1, value: { code: "CONNECTION_LOST", cause: { code: "PROTOCOL_VIOLATION" } } });
  expect(call.value.message).toContain("it sent a line that is no message");
  expect(channel.take().at(-1)).toMatchObject({ id: null, error: { code: -32600 } });
});

test("what the other side could not read is the reason that our callers read", async () => {
  const { connection, channel } = scripted();
  const call = rejection(connection.call("kv.get", 1));
  channel.fail(null, { code: -32700, message: "Cannot parse the line: it is not JSON" });
  channel.end();
  expect((await call).message).toBe(
    'Lost the answer to "kv.get": the connection to plugin "kv" is lost: Lost the connection: plugin "kv" could not read what we sent: Cannot parse the line: it is not JSON; the call may have run',
  );
});

test("[F52] a result with members like __proto__ is delivered as own data, and reaches no prototype", async () => {
  const { connection, channel } = scripted();
  const call = connection.call("kv.get", 1);
  channel.say('{"jsonrpc":"2.0","id":0,"result":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}');
  const result = (await call) as object;
  expect(Object.keys(result)).toEqual(["__proto__", "constructor"]);
  expect([Object.getPrototypeOf(result), ({} as { polluted?: number }).polluted]).toEqual([Object.prototype, undefined]);
});

test.each([
  [-32700, "PROTOCOL_VIOLATION", "did not understand it"],
  [-32600, "PROTOCOL_VIOLATION", "did not understand it"],
  [-32601, "NOT_PROVIDED", "does not provide it"],
  [-32001, "UNAUTHORIZED", "does not allow it"],
  [-32002, "BUSY", "does too much at once, or is not ready yet"],
  [-32003, "NOT_SENT", "is stopping, and did not run it"],
  [-32004, "LIMIT_EXCEEDED", "found something too large"],
  [-32800, "CANCELLED", "ended it, unasked"],
])("an answer with the number %i rejects %s, and says who refused what, and why", async (wireCode, code, situation) => {
  const { connection, channel } = scripted();
  const call = rejection(connection.call("kv.get", 1));
  channel.fail(0, { code: wireCode, message: "its own words" });
  expect(await call).toMatchObject({
    name: "PluginError",
    code,
    message: `Cannot call "kv.get": plugin "kv" ${situation}\n  it answered: its own words`,
  });
});

test.each([
  [-32602, "INVALID_INPUT"],
  [-32005, "INVALID_OUTPUT"],
])("an answer with the number %i rejects %s with the issues, as far as they are of the usual form", async (wireCode, code) => {
  const { connection, channel } = scripted();
  const [good, odd, none] = [1, 2, 3].map((n) => rejection(connection.call("kv.get", n)));
  channel.fail(0, { code: wireCode, message: "m", data: { issues: [{ message: "no", path: ["a", 0, {}] }] } });
  channel.fail(1, { code: wireCode, message: "m", data: { issues: [null, 5, { message: 5, path: "a" }] } });
  channel.fail(2, { code: wireCode, message: "m" });
  expect(await good).toMatchObject({ name: "ValidationError", code, message: "m", issues: [{ message: "no", path: ["a", 0] }] });
  expect((await odd)?.["issues"]).toEqual(Array(3).fill({ message: "it does not fit" }));
  expect((await none)?.["issues"]).toEqual([{ message: "m" }]);
});
