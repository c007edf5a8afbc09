import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { defineContract, method } from "../../../src/index.js";
import { clientFor, memoryLogger, rejection, startFixture } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { within } from "../../kit/own-time.js";

gate();
const KILLED = { kind: "killed", forced: false, escaped: [] };
const obey = defineContract("obey", { about: method<void, { pid: number }>(), spin: method<void, void>(), never: method<void, void>() });
const work = defineContract("work", { wait: method<number, string>(), never: method<void, void>() });

const MOST_MS = 5_000;

test("[O12] kill() resolves once the process is gone", async () => {
  const client = await startFixture("echo");
  const pid = client.pid as number;
  expect(isAlive(pid)).toBe(true);
  expect(await client.kill()).toEqual(KILLED);
  expect(isAlive(pid)).toBe(false);
  expect(client.state).toBe("closed");
});

test("[O12, O26] when kill() resolves the plugin's clean-up has run, and its last words are in the log", async () => {
  const logger = memoryLogger();
  const client = await startFixture("cleans-up", { logger, args: ["50"] });
  expect(await client.kill()).toEqual(KILLED);
  expect(logger.text).toContain("clean-up began\nclean-up ended");
});

test("[O26] calls that run when kill() is called finish, and new ones are NOT_SENT", async () => {
  const client = clientFor("cleans-up");
  const remote = await client.dispense(work);
  const running = remote.wait(200);
  const other = rejection(remote.never());
  await (await client.client()).ping(); // Both have arrived.
  const killed = client.kill();
  expect(await rejection(remote.wait(1))).toMatchObject({
    code: "NOT_SENT",
    message: expect.stringMatching(/^Cannot call "work.wait": plugin ".*cleans-up.mjs" is being stopped$/),
  });
  expect(await running).toBe("done");
  expect(await killed).toEqual(KILLED);
  expect(await other).toMatchObject({ code: "CONNECTION_CLOSED" });
});

test("[O26] calls that run when the plugin is sent SIGTERM finish, and the plugin ends", async () => {
  const client = clientFor("cleans-up");
  const remote = await client.dispense(work);
  const running = remote.wait(200);
  await (await client.client()).ping(); // It has arrived.
  process.kill(client.pid as number, "SIGTERM");
  expect(await running).toBe("done");
  expect(await client.closed).toMatchObject({ kind: "exited", exitCode: 0 });
});

test("[O26] a call that never ends leaves time for the plugin's clean-up", async () => {
  const logger = memoryLogger();
  const client = clientFor("cleans-up", { logger, args: ["50"], killTimeoutMs: 1_000 });
  const hanging = rejection((await client.dispense(work)).never());
  await (await client.client()).ping();
  expect(await client.kill()).toEqual(KILLED);
  expect(logger.text).toContain("clean-up ended");
  expect(await hanging).toMatchObject({ code: "CONNECTION_CLOSED" });
});

test("[O7, O26] the plugin exits 0 at the end of its grace period though a timer holds it, and no force is needed", async () => {
  const client = await startFixture("cleans-up", { args: ["0", "holds"], killTimeoutMs: 400 });
  expect(await client.kill()).toEqual(KILLED);
});

test("[F31] a plugin that crashes while it is stopped was killed by us", async () => {
  const client = await startFixture("exits-3-when-stopped");
  expect(await client.kill()).toEqual(KILLED);
});

test("[F7, P3] a plugin that ignores the request and SIGTERM gets SIGKILL after two times killTimeoutMs", async () => {
  const client = await startFixture("never-ends", { killTimeoutMs: 100 });
  const pid = client.pid as number;
  const begun = performance.now();
  expect(await within(MOST_MS, client.kill())).toEqual({ kind: "killed", forced: true, escaped: [] });
  expect(performance.now() - begun).toBeGreaterThanOrEqual(198);
  expect(isAlive(pid)).toBe(false);
});

test("[F8, P3] a stopped plugin dies too", async () => {
  const client = await startFixture("echo", { killTimeoutMs: 100 });
  const pid = client.pid as number;
  process.kill(pid, "SIGSTOP");
  expect(await within(MOST_MS, client.kill())).toMatchObject({ kind: "killed", forced: true });
  expect(isAlive(pid)).toBe(false);
});

test("[F9, P3] a plugin in a busy loop dies too, and its call rejects", async () => {
  const client = clientFor("obeys", { killTimeoutMs: 100 });
  const spinning = rejection((await client.dispense(obey)).spin());
  const pid = client.pid as number;
  // Node.js itself ends by SIGTERM in a loop only where nobody listens for it; serve() does.
  expect(await client.kill()).toMatchObject({ kind: "killed", forced: true });
  expect(isAlive(pid)).toBe(false);
  expect(await spinning).toMatchObject({ code: "CONNECTION_CLOSED" });
});

test("[O12] kill() with killTimeoutMs 0 does not wait", async () => {
  const client = await startFixture("never-ends", { killTimeoutMs: 0 });
  expect(await client.kill()).toEqual({ kind: "killed", forced: true, escaped: [] });
});

test.for([0, 1, 5, 20, 40, 60, 80, 120])("[O12, F30] kill() %i ms into a start leaves no process, and both promises settle", async (ms) => {
  const client = clientFor("echo");
  const started = client.start().then(
    () => "started",
    (error: Error) => error.message,
  );
  await sleep(ms); // The moment is the test's input.
  const reason = await client.kill();
  expect(reason).toEqual(KILLED);
  expect(await client.closed).toBe(reason);
  expect(await started).toMatch(/^started$|it was killed by this program while it started/);
  expect(client.pid === undefined || !isAlive(client.pid)).toBe(true);
});

test("[O12] `await using` kills the plugin at the end of the block", async () => {
  let pid: number | undefined;
  {
    await using client = await startFixture("echo");
    pid = client.pid;
    expect(isAlive(pid as number)).toBe(true);
  }
  expect(isAlive(pid as number)).toBe(false);
});

test("[O12] closing the connection ends the plugin, clean-up included", async () => {
  const logger = memoryLogger();
  const client = await startFixture("cleans-up", { logger });
  const connection = await client.client();
  await connection.close();
  expect(await client.closed).toEqual({ kind: "closed", by: "us" });
  expect(isAlive(client.pid as number)).toBe(false);
  expect(logger.text).toContain("clean-up ended");
});
