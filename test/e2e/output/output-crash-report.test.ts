import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { defineContract, method, type PluginError } from "../../../src/index.js";
import { clientFor, fixture, memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const ends = defineContract("ends", { by: method<unknown[], void>(), never: method<void, void>() });
const OTHER = `plugin "${fixture("ends-by-exception")}"`;

/** Ends the fixture in one of its ways: the error of a call that waited, and why the client closed. */
async function endBy(way: string, ...args: unknown[]) {
  const [logger, stderr] = [memoryLogger(), new PassThrough()];
  const client = clientFor("ends-by-exception", { logger, stderr });
  const { by, never } = await client.dispense(ends);
  const waiting = rejection(never());
  const call = await rejection(by([way, ...args]));
  const reason = await client.closed;
  const late = await rejection(never());
  stderr.end();
  return { call, waiting: await waiting, reason, late, logger, stderr: await text(stderr) };
}

const WAYS: readonly [way: string, name: string, message: string | RegExp, code: string | undefined][] = [
  ["throw", "TypeError", "the store is gone\nfor good \u001b[31m", "E_GONE"],
  ["reject", "RangeError", "out of range", undefined],
  ["rejectValue", "UnhandledPromiseRejection", /with the reason "5"\.$/, "ERR_UNHANDLED_REJECTION"],
  ["throwNull", "Error", "null", undefined],
  ["throwProxy", "Error", "something that has no text was thrown", undefined],
  ["long", "Error", /^x{1000,}…$/, undefined],
  ["amidLine", "Error", "amid", undefined],
];
for (const [way, remoteName, message, remoteCode] of WAYS) {
  test(`[F1, O25] an uncaught exception (${way}) is the reason in CloseReason and the cause of the calls it took along`, async () => {
    const { call, waiting, reason, stderr } = await endBy(way);
    const error = expect.objectContaining({
      code: "REMOTE_ERROR",
      remoteName,
      remoteCode,
      message: typeof message === "string" ? message : expect.stringMatching(message),
    });
    expect(reason).toMatchObject({ kind: "exited", signal: null, error });
    const exitCode = reason.kind === "exited" ? reason.exitCode : undefined;
    expect(exitCode).toBeGreaterThan(0);
    for (const lost of [call, waiting]) {
      expect(lost).toMatchObject({ code: "CONNECTION_LOST", cause: error });
      expect(lost.message).toContain(`: ${OTHER} exited with code ${exitCode}: ${remoteName}: `);
      expect(lost.message).not.toMatch(/[\n\u001b]/);
    }
    expect([stderr, reason.kind === "exited" && reason.stderrTail].filter((said) => /\u001e|"name":/.test(String(said)))).toEqual([]);
  });
}

test("[F1, O23] the sentence has the error's first line, and the log its report as one record at error, without the line that told it", async () => {
  const { call, late, logger } = await endBy("throw");
  const exited = `${OTHER} exited with code 1: TypeError: the store is gone`;
  expect(call.message).toBe(`Lost the answer to "ends.by": ${exited}; the call may have run`);
  expect(late.message).toBe(`Cannot call "ends.never": ${exited}`);
  const fromStderr = logger.records.filter(({ fields }) => (fields as { stream?: string } | undefined)?.stream === "stderr");
  expect(fromStderr.map(({ level }) => level)).toEqual(["error"]);
  expect(fromStderr[0]?.message).toMatch(
    /^file:.*:\d+\n[\s\S]*\n\nTypeError: the store is gone\nfor good \\u001b\[31m\n {4}at [\s\S]*\nNode\.js v[\d.]+$/,
  );
});

test("[F1] a plugin that listens to its own exceptions and exits for one tells it too", async () => {
  const { call, reason } = await endBy("listen");
  expect(reason).toMatchObject({ kind: "exited", exitCode: 9, error: { remoteName: "TypeError", remoteCode: "E_GONE" } });
  expect((call["cause"] as PluginError).message).toContain("the store is gone");
});

test("[F1] an exit that no exception made has no error, and its calls say the code", async () => {
  const { call, reason } = await endBy("exit", 3);
  expect(reason).toEqual({ kind: "exited", exitCode: 3, signal: null, stderrTail: "" });
  expect(call["cause"]).toBeUndefined();
  expect(call.message).toBe(`Lost the answer to "ends.by": ${OTHER} exited with code 3; the call may have run`);
  expect((await endBy("listenAndExit0")).reason).toEqual({ kind: "exited", exitCode: 0, signal: null, stderrTail: "" });
});

test("[F1] an exception that the plugin survives is no news, and its end by a signal names the signal", async () => {
  const client = clientFor("ends-by-exception");
  const { by, never } = await client.dispense(ends);
  const surviving = rejection(by(["survive"]));
  await (await client.client()).ping();
  expect(client.state).toBe("ready");
  const waiting = rejection(never());
  await (await client.client()).ping();
  process.kill(client.pid as number, "SIGKILL");
  expect((await waiting).message).toContain(": ");
  expect(await surviving).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await client.closed).toEqual({ kind: "exited", exitCode: null, signal: "SIGKILL", stderrTail: "" });
});
