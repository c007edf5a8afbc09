import { expect, test } from "vitest";
import { defineContract, method } from "../../../src/index.js";
import { clientFor, memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const fail = defineContract("fail", {
  error: method(),
  null: method(),
  rejection: method(),
  refusal: method(),
  cycle: method(),
  bigint: method(),
  fine: method<void, string>(),
});

test("[F57, F70] whatever a handler throws or returns, its caller gets a named error, and the plugin lives", async () => {
  const logger = memoryLogger();
  const client = clientFor("throws", { logger });
  const remote = await client.dispense(fail);
  const error = await rejection(remote.error());
  expect(error).toMatchObject({
    name: "RemoteError",
    code: "REMOTE_ERROR",
    message: "out of range",
    remoteName: "RangeError",
    remoteCode: "E_RANGE",
    data: { most: 5 },
  });
  expect(error.cause).toMatchObject({ message: "the cause" });
  // The stack is that of the host; the plugin's is in its log alone.
  expect(error.stack).not.toContain("throws.mjs");
  expect(await rejection(remote.null())).toMatchObject({ code: "REMOTE_ERROR", message: "null" });
  expect(await rejection(remote.rejection())).toMatchObject({ code: "REMOTE_ERROR", message: '{"reason":"an object"}' });
  expect(await rejection(remote.refusal())).toMatchObject({ code: "UNAUTHORIZED" });
  expect(await rejection(remote.cycle())).toMatchObject({ code: "INVALID_OUTPUT" });
  expect(await rejection(remote.bigint())).toMatchObject({ code: "INVALID_OUTPUT" });
  expect(await remote.fine()).toBe("fine");
  await client.kill();
});

test("[O27] ping() gives the round trip in milliseconds, and rejects once the plugin is gone", async () => {
  const client = clientFor("throws");
  const connection = await client.client();
  expect(await connection.ping()).toBeGreaterThan(0);
  await client.kill();
  expect(await rejection(connection.ping())).toMatchObject({ code: "NOT_SENT" });
});

test("[O19] dispense() rejects NOT_PROVIDED, naming the plugin, the contract and the member", async () => {
  const client = clientFor("throws");
  const missing = await rejection(client.dispense(defineContract("other", {})));
  expect(missing).toMatchObject({ code: "NOT_PROVIDED" });
  expect(missing.message).toMatch(/^Cannot dispense "other": plugin ".*throws\.mjs" does not provide it; it provides "fail"$/);
  const member = await rejection(client.dispense(defineContract("fail", { more: method() })));
  expect(member.message).toMatch(/^Cannot dispense "fail": plugin ".*" provides that contract without its method "more"$/);
  const connection = await client.client();
  expect(await rejection(connection.call("fail.more"))).toMatchObject({
    code: "NOT_PROVIDED",
    message: expect.stringMatching(
      /^Cannot call "fail\.more": plugin ".*" does not provide it\n {2}it answered: Cannot run "fail\.more": nobody provides it here$/,
    ),
  });
  await client.kill();
});
