import { expect, test } from "vitest";
import * as mortise from "../../../src/index.js";
import { clientFor, rejection, startFixture } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { within } from "../../kit/own-time.js";

// In a file of its own, which is a process of its own: cleanupClients() is for a whole program, and `killed` stays true.
gate();
const echo = mortise.defineContract("echo", { never: mortise.method<void, void>() });

test("[O4, O5, O14] cleanupClients() kills every managed client at the same time, and leaves the others alone", async () => {
  expect(mortise.killed).toBe(false);
  const unmanaged = await startFixture("echo");
  const stubborn = await Promise.all([1, 2, 3].map(() => startFixture("never-ends", { managed: true, killTimeoutMs: 500 })));
  const managed = await startFixture("echo", { managed: true });
  const idle = clientFor("echo", { managed: true });
  const starting = clientFor("echo", { managed: true });
  const started = rejection(starting.start());
  const call = rejection((await managed.dispense(echo)).never());
  const gone = clientFor("echo", { managed: true });
  await gone.kill();

  const cleaned = mortise.cleanupClients();
  expect(mortise.killed).toBe(true);
  // One after the other, the three that take a second each would take three.
  await within(2_900, cleaned);

  const pids = [...stubborn, managed, starting].map(({ pid }) => pid);
  expect(pids.filter((pid) => pid !== undefined && isAlive(pid))).toEqual([]);
  expect([idle, starting, managed, ...stubborn].map(({ state }) => state)).toEqual(Array(6).fill("closed"));
  expect(await managed.closed).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect(await call).toMatchObject({ code: "CONNECTION_CLOSED" });
  expect((await started).message).toContain("it was killed by this program while it started");

  expect(unmanaged.state).toBe("ready");
  expect(isAlive(unmanaged.pid as number)).toBe(true);
  await unmanaged.kill();
});

test("[O5] a second cleanupClients(), and two at once, are harmless", async () => {
  const client = await startFixture("echo", { managed: true });
  const pid = client.pid as number;
  expect(await Promise.all([mortise.cleanupClients(), mortise.cleanupClients()])).toEqual([undefined, undefined]);
  expect(isAlive(pid)).toBe(false);
  await mortise.cleanupClients();
  expect(mortise.killed).toBe(true);
});
