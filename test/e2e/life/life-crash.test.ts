import { expect, test } from "vitest";
import { defineContract, isPluginError, method } from "../../../src/index.js";
import { clientFor, memoryLogger, rejection, startFixture } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";

gate();
const obey = defineContract("obey", {
  exit: method<number, void>(),
  raise: method<string, void>(),
  never: method<void, void>(),
  print: method<{ to: number; base64: string }, void>(),
  closeOutput: method<void, void>(),
});
const base64 = (text: string): string => Buffer.from(text).toString("base64");

test.for([0, 1, 134])(
  "[O12, F1, F2] an exit with code %i that nobody asked for is told as such, with the last of stderr",
  async (exitCode) => {
    const client = clientFor("obeys");
    const { exit, print, never } = await client.dispense(obey);
    await print({ to: 2, base64: base64("last words\n") });
    const hanging = rejection(never());
    const lost = await rejection(exit(exitCode));
    expect(lost).toMatchObject({ code: "CONNECTION_LOST", message: expect.stringMatching(/^Lost the answer to "obey.exit": /) });
    expect(await hanging).toMatchObject({ code: "CONNECTION_LOST" });
    const reason = await client.closed;
    expect(reason).toEqual({ kind: "exited", exitCode, signal: null, stderrTail: "last words\n" });
    expect(await client.kill()).toBe(reason);
    expect(client.state).toBe("closed");
  },
);

test.for(["SIGKILL", "SIGSEGV", "SIGABRT"] as const)("[F3] an end by %s that nobody asked for names the signal", async (signal) => {
  const client = await startFixture("obeys");
  process.kill(client.pid as number, signal);
  expect(await client.closed).toEqual({ kind: "exited", exitCode: null, signal, stderrTail: "" });
});

test("[O4] after a crash a call is NOT_SENT, and one that was waiting is CONNECTION_LOST: neither looks like our own kill", async () => {
  const client = clientFor("obeys");
  const { never } = await client.dispense(obey);
  const waiting = rejection(never());
  await (await client.client()).ping();
  process.kill(client.pid as number, "SIGKILL");
  expect(await waiting).toSatisfy((error) => isPluginError(error, "CONNECTION_LOST"));
  await client.closed;
  expect(await rejection(never())).toMatchObject({ code: "NOT_SENT" });
});

test("[O27] ping() rejects after the plugin is gone", async () => {
  const client = await startFixture("obeys");
  const connection = await client.client();
  expect(await connection.ping()).toBeGreaterThan(0);
  process.kill(client.pid as number, "SIGKILL");
  await client.closed;
  expect(await rejection(connection.ping())).toMatchObject({
    code: "NOT_SENT",
    message: expect.stringMatching(/^Cannot call "rpc.ping": (?:the connection to )?plugin ".*" /),
  });
});

test("[F20] a plugin that closes its stdout and stderr stays running, and that is logged once", async () => {
  const logger = memoryLogger();
  const client = clientFor("obeys", { logger });
  const remote = await client.dispense(obey);
  const said = (): number =>
    logger.records.filter(({ message }) => message.endsWith("has closed its stdout and stderr: nothing more of its output is seen")).length;
  await remote.closeOutput();
  await expect.poll(said).toBe(1);
  expect(client.state).toBe("ready");
  expect(await (await client.client()).ping()).toBeGreaterThan(0);
  expect(await client.kill()).toMatchObject({ kind: "killed" });
  expect(said()).toBe(1);
  expect(isAlive(client.pid as number)).toBe(false);
});

test("[F20] a plugin that ends in order is not said to have closed its output", async () => {
  const logger = memoryLogger();
  const client = await startFixture("obeys", { logger });
  await client.kill();
  expect(logger.text).not.toContain("has closed its stdout");
});
