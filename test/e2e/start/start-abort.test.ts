import { expect, test } from "vitest";
import { NewClient } from "../../../src/index.js";
import type { Exit, Running } from "../../../src/process/runtime.js";
import { deferred } from "../../../src/util/deferred.js";
import { livingChildren } from "../../client/start/start-failure.js";
import { clientFor, memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();

test("[O11] start() with an aborted signal rejects with its reason, and starts nothing", async () => {
  const client = clientFor("echo");
  const reason = new Error("never mind");
  expect(await rejection(client.start({ signal: AbortSignal.abort(reason) }))).toBe(reason);
  expect(client.state).toBe("idle");
});

test("[O11] a signal that aborts ends its caller's wait, and the start goes on", async () => {
  await using client = clientFor("echo");
  const controller = new AbortController();
  const waiting = rejection(client.start({ signal: controller.signal }));
  const other = client.start();
  controller.abort("no time");
  expect(await waiting).toBe("no time");
  expect(client.state).toBe("starting");
  expect(await other).toMatchObject({ network: "tcp" });
  expect(client.state).toBe("ready");
});

test("[O11] a signal that aborts after the start has no effect, and is let go", async () => {
  await using client = clientFor("echo");
  const controller = new AbortController();
  const address = await client.start({ signal: controller.signal });
  controller.abort();
  expect(await client.start()).toBe(address);
});

test("[O11] a caller that gave up waiting is not told when the start fails after all", async () => {
  const client = clientFor("exits-before-announcing");
  const controller = new AbortController();
  const waiting = rejection(client.start({ signal: controller.signal }));
  controller.abort("no time");
  expect(await waiting).toBe("no time");
  expect(await client.closed).toMatchObject({ kind: "failed", error: { exitCode: 1 } });
});

test("[O12] kill() while the process is being started leaves none behind, at whatever moment", async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const client = clientFor("prints-and-waits");
    const failed = rejection(client.start());
    for (let tick = 0; tick < ticks; tick++) await new Promise((resolve) => setImmediate(resolve));
    expect(await client.kill()).toMatchObject({ kind: "killed" });
    expect(await failed).toMatchObject({
      code: "START_FAILED",
      message: expect.stringContaining("it was killed by this program while it started"),
    });
    expect(livingChildren()).toEqual([]);
  }
});

test("[O12] kill() waits for a process that is just coming, and ends it", async () => {
  const coming = deferred<Running>();
  const ended = deferred<Exit>();
  const signals: string[] = [];
  const nothing = async function* (): AsyncGenerator<Uint8Array> {};
  const client = NewClient({ command: "x", runtime: { start: () => coming.promise } });
  const failed = rejection(client.start());
  const killed = client.kill();
  await new Promise((resolve) => setImmediate(resolve));
  const signal = (name: NodeJS.Signals): void => {
    signals.push(name);
    ended.resolve({ exitCode: null, signal: name });
  };
  coming.resolve({ id: "x", stdin: undefined, stdout: nothing(), stderr: nothing(), exited: ended.promise, signal });
  expect(await killed).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect(signals).toEqual(["SIGTERM"]);
  await failed;
});

for (const [step, sign, name, options] of [
  ["announcement", "noise", "prints-and-waits", { args: ["noise"] }],
  ["connect", "it said so", "listens-badly", { args: ["never"] }],
  ["hello", "it heard something", "listens-badly", { args: ["mute"] }],
  ["ready", "configuring", "configures", { config: { what: "hang" } }],
] as const) {
  test(`[O12] kill() at the step "${step}" ends the start and the process`, async () => {
    const logger = memoryLogger();
    const client = clientFor(name, { ...options, logger, limits: { helloTimeoutMs: 60_000 } });
    const failed = rejection(client.start());
    while (!logger.text.includes(sign)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await client.kill()).toMatchObject({ kind: "killed" });
    expect(await failed).toMatchObject({ code: "START_FAILED", step });
    expect(livingChildren()).toEqual([]);
  });
}
