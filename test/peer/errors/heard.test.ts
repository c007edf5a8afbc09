import { expect, test } from "vitest";
import { defineContract, implement, method, notification } from "../../../src/index.js";
import { readProvided } from "../../../src/peer/provided.js";
import { recordsOf } from "../../kit/options.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const NASTY = "\u001b[2J\u009b31m\u202e\r";
const hasControls = (text: string): boolean => /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(text);

test.each([-32601, -32001, -32002, -32000, -32602, -32005, -32700, -32800, 7])(
  "what the other side says with the code %i is in our error without what writes into a terminal, and not long",
  async (code) => {
    const { connection, channel } = scripted();
    const call = outcome(connection.call("kv.get"));
    const text = NASTY + "x".repeat(30_000);
    const cause = { name: NASTY, message: text, code: NASTY };
    channel.fail(0, {
      code,
      message: text,
      data: { name: text, code: text, cause, issues: [{ message: text }], reason: text, plugin: text },
    });
    await settled();
    const { message, remoteName, remoteCode, issues, reason } = call.value;
    for (const each of [
      message,
      remoteName,
      remoteCode,
      issues?.[0]?.message,
      reason,
      call.value.cause?.message,
      call.value.cause?.remoteName,
    ]) {
      expect(hasControls(String(each)), String(JSON.stringify(each)).slice(0, 100)).toBe(false);
      expect(String(each).length).toBeLessThan(30_000);
    }
    expect(String(call.value.stack).length).toBeLessThan(40_000);
  },
);

test("lines of a message stay lines, those of Windows too", async () => {
  const { connection, channel } = scripted();
  const call = outcome(connection.call("kv.get"));
  channel.fail(0, { code: -32000, message: "one\r\ntwo\n\tthree" });
  await settled();
  expect(call.value.message).toBe("one\ntwo\n\tthree");
});

test("ids and names of the other side are escaped in the sentence that closes, and what it could not read is one line", async () => {
  const kv = defineContract("kv", { wait: method<void, void>() });
  const { connection, channel, logger } = scripted();
  connection.provide(recordsOf([implement(kv, { wait: () => new Promise(() => {}) })]));
  channel.fail(null, { code: -32700, message: `x${NASTY}\n2025-01-01 ERROR a line of its own` });
  for (let twice = 0; twice < 2; twice++) channel.say({ jsonrpc: "2.0", id: NASTY, method: "kv.wait" });
  const reason = await connection.closed;
  const texts = [...logger.records.map(({ message }) => message), (reason as { error: Error }).error.message];
  expect(texts).toHaveLength(3);
  expect(texts.filter((text) => hasControls(text) || text.includes("\n"))).toEqual([]);
  expect(texts[0]).toBe(
    'plugin "kv" could not read what we sent: x\\u001b[2J\\u009b31m\\u202e\\u000d\\n2025-01-01 ERROR a line of its own',
  );
  expect(texts[1]).toContain('its id "\\u001b[2J\\u009b31m\\u202e\\r" belongs to a request that still runs');
});

test("[F21] error answers to nobody and failing notifications reach the log 1,000 times a second, and how many more there were is said", () => {
  const kv = defineContract("kv", { fail: notification<void>() });
  const { connection, channel, logger, clock } = scripted();
  const fail = (): never => {
    throw new Error("no");
  };
  connection.provide(recordsOf([implement(kv, { fail })]));
  for (let n = 0; n < 3_000; n++) {
    channel.fail(null, { code: -32700, message: "A".repeat(4_000) });
    channel.say({ jsonrpc: "2.0", method: "kv.fail" });
    channel.say({ jsonrpc: "2.0", method: "rpc.log", params: { level: "info", message: "x" } });
  }
  expect(logger.records).toHaveLength(1_000);
  clock.advance(1_000);
  expect(logger.records.slice(1_000)).toEqual([{ level: "warn", message: "… 8000 records dropped", fields: { dropped: 8_000 } }]);
});

test("what the other side says it provides under names that none can have is left out", () => {
  const member = { kind: "method" };
  const said = [
    { name: `\u001b[2J${"x".repeat(30_000)}`, members: { a: member } },
    { name: "jobs", members: JSON.parse(`{"echo":{"kind":"method"},"__proto__":{"kind":"method"},"b\\u001b":{"kind":"method"}}`) },
  ];
  const read = readProvided(said);
  expect(read.map(({ name, members }) => [name, Object.keys(members)])).toEqual([["jobs", ["echo", "__proto__"]]]);
});

test("the sentence for a contract that is not provided names so many others, and counts the rest", () => {
  const { connection } = scripted();
  connection.learn({ provided: Array.from({ length: 500 }, (_, n) => ({ name: `c${n}`, members: {} })) });
  expect(() => connection.dispense(defineContract("kv", {}))).toThrow(/it provides "c0", .*"c19" and 480 more$/);
});
