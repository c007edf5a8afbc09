import { spawnSync } from "node:child_process";
import { getPriority } from "node:os";
import { expect, test } from "vitest";
import { type ClientOptions, defineContract, method, NewClient, type Runtime } from "../../../src/index.js";
import { fixture, rejection } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { LoopbackProxy } from "../../kit/proxy.js";
import { spawnRuntime } from "../../kit/spawn-runtime.js";

gate();
const KILLED = { kind: "killed", forced: false, escaped: [] };
const UNSHARE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
const obey = defineContract("obey", { about: method<void, { pid: number }>(), exit: method<number, void>() });

function launched(name: string, runtime: Runtime, options: Partial<ClientOptions> = {}) {
  return NewClient({ command: fixture(name), runtime, minPort: 0, maxPort: 0, ...options });
}
const lacks = (file: string, ...args: readonly string[]): boolean => spawnSync(file, args, { stdio: "ignore" }).status !== 0;

test.skipIf(lacks("nice", "true"))("[O32] a plugin is run by another launcher, called, and ended in order", async () => {
  const runtime = spawnRuntime({ launcher: ["nice", "-n", "5"] });
  const client = launched("obeys", runtime);
  const { pid } = await (await client.dispense(obey)).about();
  expect(pid).toBe(runtime.child.pid); // nice has become the plugin.
  expect(getPriority(pid)).toBe(Math.min(19, getPriority() + 5));
  expect(await client.kill()).toEqual(KILLED);
  expect(isAlive(pid)).toBe(false);
});

test.skipIf(lacks(UNSHARE[0] as string, ...UNSHARE.slice(1), "true"))(
  "[O32] a plugin in a process namespace of its own is called and ended, though its number there says nothing here",
  async () => {
    const runtime = spawnRuntime({ launcher: UNSHARE });
    const client = launched("obeys", runtime);
    expect(await (await client.dispense(obey)).about()).toMatchObject({ pid: 1 });
    expect([client.pid, client.reattachConfig]).toEqual([undefined, undefined]);
    expect(await client.kill()).toEqual(KILLED);
    expect(isAlive(runtime.child.pid as number)).toBe(false);
  },
);

test("[O32] a runtime says where its plugins are reached, as for a container's port", async () => {
  let proxy: LoopbackProxy | undefined;
  const runtime = spawnRuntime();
  const behindProxy: Runtime = {
    async start(request) {
      const running = await runtime.start(request);
      // The announcement alone says where the plugin listens: a proxy for it is made when that is read.
      const first = await running.stdout[Symbol.asyncIterator]().next();
      const port = Number(/\|127\.0\.0\.1:(\d+)\|/.exec(String(first.value))?.[1]);
      proxy = await LoopbackProxy.to({ network: "tcp", host: "127.0.0.1", port });
      const { address } = proxy;
      const stdout = (async function* () {
        yield first.value as Uint8Array;
      })();
      return { ...running, stdout, toHost: () => address };
    },
  };
  const client = launched("obeys", behindProxy);
  const address = await client.start();
  expect(address).toEqual(proxy?.address);
  expect(await (await client.dispense(obey)).about()).toMatchObject({ pid: runtime.child.pid });
  expect(await client.kill()).toEqual(KILLED);
  await proxy?.[Symbol.asyncDispose]();
});

test("[O32, O25] a launcher that is not there, and a plugin that exits under it, are told of", async () => {
  const missing = await rejection(launched("obeys", spawnRuntime({ launcher: ["no-such-launcher"] })).start());
  expect(missing).toMatchObject({ code: "START_FAILED", step: "spawn", message: expect.stringContaining("spawn no-such-launcher ENOENT") });
  const client = launched("obeys", spawnRuntime());
  expect(await rejection((await client.dispense(obey)).exit(4))).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await client.closed).toMatchObject({ kind: "exited", exitCode: 4 });
});

test("[O32, P6] a frozen plugin of a runtime is ended through it", async () => {
  const runtime = spawnRuntime();
  const client = launched("obeys", runtime, { heartbeat: { intervalMs: 200, timeoutMs: 200 } });
  await client.start();
  runtime.child.kill("SIGSTOP");
  expect(await client.closed).toMatchObject({ kind: "lost" });
  expect(runtime.child.signalCode).toBe("SIGKILL");
});
