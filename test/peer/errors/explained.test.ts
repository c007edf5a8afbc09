import { expect, test } from "vitest";
import { PluginError, RemoteError } from "../../../src/errors.js";
import type { CloseReason } from "../../../src/peer/errors/close-reason.js";
import { deferred } from "../../../src/util/deferred.js";
import { rejection } from "../../kit/fixtures.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const broke = new PluginError("CONNECTION_LOST", "the connection broke (ECONNRESET)");
const exited = { kind: "exited", exitCode: 1, signal: null, stderrTail: "" } as const;

function explained() {
  const why = deferred<CloseReason>();
  const asked: CloseReason[] = [];
  const explain = (reason: CloseReason): Promise<CloseReason> => {
    asked.push(reason);
    return why.promise;
  };
  return { ...scripted({ explain }), why, asked };
}

test("[F1, P2] calls of a lost connection wait for the reason, new ones are refused meanwhile, and what never left is still NOT_SENT", async () => {
  const { connection, channel, clock, why, asked } = explained();
  const refused = (n: number) => {
    const call = rejection(connection.call("kv.get", n));
    clock.runSoon();
    return call;
  };
  const calls = [1, 2].map((n) => outcome(connection.call("kv.get", n)));
  channel.end(broke, 1);
  const late = await refused(3);
  expect(late).toMatchObject({
    code: "NOT_SENT",
    message: expect.stringMatching(/plugin "kv" is lost: the connection broke \(ECONNRESET\)$/),
  });
  expect([asked, connection.peer.open]).toEqual([[{ kind: "lost", error: broke }], false]);
  expect(calls.map(({ state }) => state)).toEqual(["pending", "pending"]);
  const error = new RemoteError("bad\nthing", { remoteName: "TypeError" });
  why.resolve({ ...exited, error });
  await settled();
  const ended = 'plugin "kv" exited with code 1: TypeError: bad';
  expect(calls.map(({ value, times }) => [value.message, value.cause, times])).toEqual([
    [`Lost the answer to "kv.get": ${ended}; the call may have run`, error, 1],
    [`Cannot call "kv.get": ${ended}`, error, 1],
  ]);
  expect(await connection.closed).toEqual({ ...exited, error });
  expect((await refused(4)).message).toBe(`Cannot call "kv.get": ${ended}`);
});

test.for([
  [exited, 'plugin "kv" exited with code 1'],
  [{ ...exited, exitCode: null, signal: "SIGKILL" }, 'plugin "kv" was ended by SIGKILL'],
  [{ ...exited, exitCode: null }, 'plugin "kv" ended'],
  [{ ...exited, error: new PluginError("BUSY", `\u001b${"x".repeat(400)}`) }, `plugin "kv" exited with code 1: \\u001b${"x".repeat(299)}…`],
  [{ kind: "closed", by: "peer" }, 'the connection to plugin "kv" was closed by it'],
] as const)("[F1] the sentence of a lost call says what is known: %#", async ([reason, sentence]) => {
  const { connection, channel, why } = explained();
  const call = rejection(connection.call("kv.get"));
  channel.end();
  why.resolve(reason);
  expect((await call).message).toBe(`Lost the answer to "kv.get": ${sentence}; the call may have run`);
});

test("[P1] calls settle by the first reason if the search for a better one fails, and at once if we close meanwhile", async () => {
  const failed = explained();
  const lost = rejection(failed.connection.call("kv.get"));
  failed.channel.end(broke);
  failed.why.reject(new Error("no"));
  expect(await lost).toMatchObject({ code: "CONNECTION_LOST", cause: broke });
  const closing = explained();
  const call = rejection(closing.connection.call("kv.get"));
  closing.channel.end(broke);
  const closed = closing.connection.close();
  expect(await call).toMatchObject({ code: "CONNECTION_CLOSED" });
  closing.why.resolve(exited);
  expect(await closed).toEqual({ kind: "closed", by: "us" });
});

test("[O4] nobody asks why a connection is over that we are leaving", async () => {
  const { connection, channel, asked } = explained();
  connection.peer.leave('plugin "kv" is being stopped');
  channel.end(broke);
  expect(await connection.closed).toEqual({ kind: "closed", by: "us" });
  expect(asked).toEqual([]);
});
