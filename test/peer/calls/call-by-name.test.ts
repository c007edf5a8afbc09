import { expect, test } from "vitest";
import { rejection } from "../../kit/fixtures.js";
import { scripted } from "../../kit/script-channel.js";

const provided = [
  { name: "kv", members: { list: { kind: "stream" as const }, get: { kind: "method" as const } } },
  { name: "log", members: { list: { kind: "method" as const } } },
];

test("call() of a stream by its name is the caller's mistake: nobody would read it, and nothing is sent", async () => {
  const { connection, channel } = scripted({ provided });
  const error = await rejection(connection.call("kv.list", 1));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toBe(
    'Cannot call "kv.list" by name: it is a stream, which nobody would read\n  Dispense its contract, and read the stream with for await.',
  );
  expect([channel.take(), connection.peer.pending]).toEqual([[], 0]);
});

test("call() of a method by its name is sent, also where a stream of another contract has that member's name", async () => {
  const { connection, channel } = scripted({ provided });
  const calls = [connection.call("kv.get", 1), connection.call("log.list", 2)];
  for (const { id, method } of channel.take()) channel.answer(id, method);
  expect(await Promise.all(calls)).toEqual(["kv.get", "log.list"]);
});
