import { expect, test } from "vitest";
import { PluginError } from "../../../src/errors.js";
import { rejection } from "../../kit/fixtures.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const setUp = () => {
  const { connection, ...rest } = scripted({ limits: { maxUnsentBytes: 1_024 } });
  return { connection, peer: connection.peer, ...rest };
};

test("a notification resolves once it was handed to the system, and not before", async () => {
  const { peer, channel } = setUp();
  channel.unsent = 100;
  const note = outcome(peer.notify("kv.note", { text: "hi" }));
  await settled();
  expect(channel.take()).toEqual([{ jsonrpc: "2.0", method: "kv.note", params: { text: "hi" } }]);
  expect(note.state).toBe("pending");
  channel.drained();
  await settled();
  expect(note).toMatchObject({ state: "resolved", value: undefined });
});

test("a notification resolves on a connection that is always busy, once it lies behind what is unsent", async () => {
  const { peer, channel } = setUp();
  channel.unsent = 60;
  const notes = [1, 2, 3].map((n) => outcome(peer.notify("kv.note", { n })));
  await settled();
  expect(notes.map(({ state }) => state)).toEqual(["resolved", "pending", "pending"]);
  void peer.notify("kv.note", { n: 4 });
  await settled();
  expect(notes.map(({ state }) => state)).toEqual(["resolved", "resolved", "pending"]);
});

test("[F66] a notification after the end is refused, in a macrotask", async () => {
  const { peer, channel, clock } = setUp();
  channel.end();
  const note = outcome(peer.notify("kv.note", 1));
  await settled();
  expect(note.state).toBe("pending");
  clock.runSoon();
  await settled();
  expect(note.value).toMatchObject({ code: "NOT_SENT", message: 'Cannot call "kv.note": the connection to plugin "kv" was closed by it' });
});

test("[P2] notifications that wait when the connection is lost tell apart what never left and what may have", async () => {
  const { peer, channel } = setUp();
  channel.unsent = 1_000;
  const notes = [1, 2, 3].map((n) => rejection(peer.notify("kv.note", n)));
  channel.end(new PluginError("CONNECTION_LOST", "the connection broke (ECONNRESET)"), 2);
  expect((await Promise.all(notes)).map(({ code }) => code)).toEqual(["CONNECTION_LOST", "NOT_SENT", "NOT_SENT"]);
});

test("a notification is refused BUSY while the other side has not read what was sent", async () => {
  const { peer, channel, clock } = setUp();
  channel.unsent = 2_000;
  void peer.notify("kv.note", 1);
  const second = rejection(peer.notify("kv.note", 2));
  clock.runSoon();
  expect(await second).toMatchObject({ code: "BUSY", message: 'Cannot call "kv.note": plugin "kv" has not read the last 2000 bytes' });
  channel.drained();
  await peer.notify("kv.note", 3);
  expect(channel.take().map(({ params }) => params)).toEqual([[1], [3]]);
});

test("[F69] a notification takes a signal: aborted before, it is not sent; aborted while it waits, it rejects at once", async () => {
  const { peer, channel } = setUp();
  const reason = new Error("enough");
  expect(await rejection(peer.notify("kv.note", 1, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  expect(channel.take()).toEqual([]);
  channel.unsent = 100;
  const controller = new AbortController();
  const note = rejection(peer.notify("kv.note", 2, { signal: controller.signal }));
  controller.abort(reason);
  expect(await note).toBe(reason);
  channel.drained();
});

test("[F68] a notification takes a deadline, for a system that takes nothing", async () => {
  const { peer, channel, clock } = setUp();
  channel.unsent = 100;
  const note = rejection(peer.notify("kv.note", 1, { timeoutMs: 50 }));
  clock.advance(50);
  expect(await note).toMatchObject({
    code: "CALL_TIMEOUT",
    message: 'Gave up the notification "kv.note": plugin "kv" did not take it in 50 ms; it may yet arrive',
  });
  const quick = peer.notify("kv.note", 2, { timeoutMs: 50, signal: new AbortController().signal });
  channel.drained();
  await quick;
  expect(clock.timers).toBe(0);
  expect(await rejection(peer.notify("kv.note", 3, { timeoutMs: 0 }))).toBeInstanceOf(RangeError);
});
