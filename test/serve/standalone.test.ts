import { expect, test, vi } from "vitest";
import { defineContract, implement, method, NewClient, type ReattachConfig } from "../../src/index.js";
import { serve } from "../../src/serve/serve.js";
import { deferred } from "../../src/util/deferred.js";
import { memoryLogger, rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";

gate();
const kv = defineContract("kv", { get: method<string, string>() });
const provides = [implement(kv, { get: (key) => `value of ${key}` })];

/** A plugin served by this very process, until the test aborts it. */
async function serveHere(options: Partial<Parameters<typeof serve>[0]> = {}) {
  const controller = new AbortController();
  const listening = deferred<ReattachConfig>();
  const logger = memoryLogger();
  const served = serve({
    provides,
    logger,
    ...options,
    standalone: { signal: controller.signal, onListening: (config) => listening.resolve(config) },
  });
  return { config: await listening.promise, served, controller };
}

test("[O28] a plugin is served inside a test: a client attaches, calls and leaves, and it stops by the signal", async () => {
  const { config, served, controller } = await serveHere();
  expect(config).toMatchObject({ pid: process.pid, address: { network: "tcp", host: "127.0.0.1" }, protocol: "jsonrpc", apiVersion: 1 });
  for (let round = 0; round < 2; round++) {
    const client = NewClient({ reattach: config });
    expect(await (await client.dispense(kv)).get("a")).toBe("value of a");
    expect(await client.kill()).toEqual({ kind: "closed", by: "us" });
  }
  const client = NewClient({ reattach: config });
  await client.start();
  controller.abort();
  expect(await served).toBeUndefined();
  expect(await client.closed).toEqual({ kind: "closed", by: "peer" });
  expect((await rejection(NewClient({ reattach: config, limits: { helloTimeoutMs: 50 } }).start())).message).toContain("ECONNREFUSED");
});

test("[O28] what it provides for each version, its configuration and its refusals are those of any plugin", async () => {
  const { config, served, controller } = await serveHere({
    provides: { 1: provides, 3: provides },
    configure: (given) => {
      if (given === "bad") throw new Error("not that");
    },
  });
  expect(config.apiVersion).toBe(3);
  const client = NewClient({ reattach: config, apiVersions: [1, 2] });
  await client.start();
  expect(client.negotiatedVersion).toBe(1);
  await client.kill();
  expect(await rejection(NewClient({ reattach: config, config: "bad" }).start())).toMatchObject({ step: "ready" });
  controller.abort();
  await served;
});

test("[O28] nothing of the process is touched: no exit, no listener, no stdin, nothing on stdout, no environment", async () => {
  const names = ["exit", "SIGTERM", "SIGINT", "uncaughtException", "unhandledRejection", "uncaughtExceptionMonitor"];
  const counts = (): number[] => names.map((name) => process.listenerCount(name));
  const [before, env, exit] = [counts(), { ...process.env }, vi.spyOn(process, "exit")];
  const stdout = vi.spyOn(process.stdout, "write");
  try {
    const { config, served, controller } = await serveHere();
    const client = NewClient({ reattach: config });
    await client.start();
    const during = counts();
    await client.kill();
    controller.abort();
    await served;
    expect([during, counts(), { ...process.env }]).toEqual([before, before, env]);
    expect(exit).not.toHaveBeenCalled();
    expect(stdout).not.toHaveBeenCalled();
  } finally {
    exit.mockRestore();
    stdout.mockRestore();
  }
});

test("[O28] a signal that has aborted already serves nothing, and an onListening that throws ends it", async () => {
  const onListening = vi.fn();
  await serve({ provides, standalone: { signal: AbortSignal.abort(), onListening } });
  expect(onListening).not.toHaveBeenCalled();
  const fault = new Error("as the test wants");
  const thrower = (): never => {
    throw fault;
  };
  expect(await rejection(serve({ provides, standalone: { signal: new AbortController().signal, onListening: thrower } }))).toBe(fault);
  const controller = new AbortController();
  await serve({ provides, standalone: { signal: controller.signal, onListening: () => controller.abort() } });
});

const { signal } = new AbortController();
test.for<[unknown, string]>([
  [null, "standalone is null, and it must be an object with signal, onListening"],
  [{}, "standalone.signal is undefined, and it must be an AbortSignal"],
  [{ signal }, "standalone.onListening is undefined, and it must be a function"],
  [{ signal: {}, onListening() {} }, "standalone.signal is an object, and it must be an AbortSignal"],
  [{ signal, onListen() {} }, 'there is no option "standalone.onListen"; did you mean "standalone.onListening"?'],
])("[O28, R30] a standalone that lacks something is a TypeError: %j", async ([standalone, sentence]) => {
  expect(await rejection(serve({ provides, standalone: standalone as never }))).toEqual(new TypeError(`Cannot serve: ${sentence}`));
});
