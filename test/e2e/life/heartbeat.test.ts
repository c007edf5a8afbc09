import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { defineContract, method, NewClient } from "../../../src/index.js";
import { clientFor, fixture, memoryLogger, rejection, startFixture } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { within } from "../../kit/own-time.js";
import { LoopbackProxy } from "../../kit/proxy.js";

gate();
const HOST = fileURLToPath(new URL("../../fixtures/hosts/beats.mjs", import.meta.url));
const heartbeat = { intervalMs: 200, timeoutMs: 300 };
// What those two make together, and the end of a process.
const MOST_MS = 1_500;
const blocks = defineContract("blocks", { during: method<number, string>(), after: method<number, void>(), hang: method<void, void>() });

test.for(["tcp", "unix", "websocket"] as const)(
  "[P6, F8] a stopped plugin over %s is found and ended, and says in its reason that it did not answer",
  async (transport) => {
    const client = await startFixture("echo", { transport, heartbeat });
    const pid = client.pid as number;
    const connection = await client.client();
    process.kill(pid, "SIGSTOP");
    const reason = await within(MOST_MS, client.closed);
    expect(isAlive(pid)).toBe(false);
    expect(reason).toMatchObject({ kind: "lost", error: { code: "CONNECTION_LOST" } });
    expect((reason as { error: Error }).error.message).toMatch(
      /^plugin ".*echo.mjs" did not answer a ping in \d+ ms: it hangs, or is stopped$/,
    );
    expect(await connection.closed).toBe(reason);
    expect(await rejection(connection.call("echo.echo", 1))).toMatchObject({ code: "NOT_SENT" });
  },
);

test("[P6, F8] a plugin that is stopped during a call is ended after that call's deadline", async () => {
  const client = clientFor("blocks", { heartbeat });
  const remote = await client.dispense(blocks);
  const call = rejection(remote.hang(undefined, { timeoutMs: 1_000 }));
  await (await client.client()).ping();
  process.kill(client.pid as number, "SIGSTOP");
  expect(await call).toMatchObject({ code: "CALL_TIMEOUT" });
  expect(client.state).toBe("ready");
  expect(await client.closed).toMatchObject({ kind: "lost" });
});

test("[P6, F9] a plugin in a busy loop while no call runs there is ended", async () => {
  const client = clientFor("blocks", { heartbeat });
  await (await client.dispense(blocks)).after(60_000);
  const pid = client.pid as number;
  expect(await client.closed).toMatchObject({ kind: "lost" });
  expect(isAlive(pid)).toBe(false);
});

test("[P6] a plugin with one thread that works on a call for longer than both bounds is left alone", async () => {
  const client = clientFor("blocks", { heartbeat });
  expect(await (await client.dispense(blocks)).during(2_500, { timeoutMs: 60_000 })).toBe("done");
  expect(client.state).toBe("ready");
  expect(await client.kill()).toMatchObject({ kind: "killed" });
});

test("[P6] nor is it when that call was given up meanwhile", async () => {
  const logger = memoryLogger();
  const client = clientFor("blocks", { heartbeat, logger });
  const remote = await client.dispense(blocks);
  const controller = new AbortController();
  const given = rejection(remote.during(2_000, { signal: controller.signal }));
  await expect.poll(() => logger.text).toContain("blocks");
  controller.abort(new Error("enough"));
  expect((await given).message).toBe("enough");
  expect(await remote.during(0)).toBe("done");
  expect(await client.kill()).toMatchObject({ kind: "killed" });
});

test("[F10] a plugin that answers pings and nothing else stays; its calls time out", async () => {
  const client = clientFor("blocks", { heartbeat: { intervalMs: 100, timeoutMs: 2_000 } });
  const remote = await client.dispense(blocks);
  for (let call = 0; call < 3; call++) {
    expect(await rejection(remote.hang(undefined, { timeoutMs: 200 }))).toMatchObject({ code: "CALL_TIMEOUT" });
  }
  expect(client.state).toBe("ready");
  expect(await remote.during(0)).toBe("done");
  await client.kill();
});

test.for([
  ["--inspect in its arguments", { command: [process.execPath, "--inspect=127.0.0.1:0", fixture("echo")] as const }],
  ["--inspect in its NODE_OPTIONS", { env: { NODE_OPTIONS: "--inspect=127.0.0.1:0" } }],
  ["heartbeat: false", { heartbeat: false as const }],
] as const)("[P6] a breakpoint ends no plugin with %s", async ([, options]) => {
  const client = await startFixture("echo", { heartbeat: { intervalMs: 100, timeoutMs: 100 }, ...options });
  const pid = client.pid as number;
  process.kill(pid, "SIGSTOP");
  await sleep(1_000); // Somebody thinks.
  process.kill(pid, "SIGCONT");
  expect(await (await client.client()).call("echo.echo", 1)).toBe(1);
  await client.kill();
});

test("[F11, P6] a host that is stopped for 1.4 s while its ping has no answer yet ends no plugin, and says once that it stalled", async () => {
  const host = spawn(process.execPath, [HOST, fixture("pongs-late")], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void host.kill("SIGKILL"));
  const output = collect(host);
  await expect.poll(() => output.text).toMatch(/^started \d+$/m);
  const pid = Number(/^started (\d+)$/m.exec(output.text)?.[1]);
  for (let stall = 1; stall <= 2; stall++) {
    const pings = output.text.split("pinged").length;
    await expect.poll(() => output.text.split("pinged").length, { interval: 5 }).toBeGreaterThan(pings);
    host.kill("SIGSTOP");
    await sleep(1_400); // That is the fault.
    host.kill("SIGCONT");
    await expect.poll(() => output.text.split("Host stalled").length).toBeGreaterThan(stall);
  }
  await sleep(1_200); // Longer than both bounds.
  expect(isAlive(pid)).toBe(true);
  host.stdin?.write("end\n");
  await once(host, "close");
  const stalls = [...output.text.matchAll(/^Host stalled (\d+) ms: that is not held against plugin ".*pongs-late.mjs"$/gm)];
  // A loaded machine may stall it once more.
  expect(stalls.filter(([, ms]) => Number(ms) > 1_000)).toHaveLength(2);
  expect(output.text).not.toContain('"lost"');
});

test("[F61] a half-open connection is found and given up, and the plugin behind it is not touched", async () => {
  await using owner = await startFixture("echo", { heartbeat: false });
  const config = owner.reattachConfig as NonNullable<typeof owner.reattachConfig>;
  await using proxy = await LoopbackProxy.to(config.address);
  const client = NewClient({ reattach: { ...config, address: proxy.address }, heartbeat });
  const connection = await client.client();
  expect(await connection.call("echo.echo", 1)).toBe(1);
  proxy.goDark();
  const reason = await within(MOST_MS, client.closed);
  expect(reason).toMatchObject({ kind: "lost", error: { code: "CONNECTION_LOST" } });
  await expect.poll(() => proxy.hostGone).toBe(1);
  expect(await (await owner.client()).call("echo.echo", 2)).toBe(2);
});

test("[F61] so is one over a WebSocket, which would wait for the other side's close frame", async () => {
  await using owner = await startFixture("echo", { heartbeat: false, transport: "websocket" });
  const config = owner.reattachConfig as NonNullable<typeof owner.reattachConfig>;
  await using proxy = await LoopbackProxy.to(config.address);
  const client = NewClient({ reattach: { ...config, address: proxy.address }, heartbeat });
  const call = rejection((await client.client()).call("echo.never", undefined, { timeoutMs: 300 }));
  proxy.goDark();
  expect(await call).toMatchObject({ code: "CALL_TIMEOUT" });
  expect(await client.closed).toMatchObject({ kind: "lost" });
  await expect.poll(() => proxy.hostGone).toBe(1);
});

function collect(child: ChildProcess): { text: string } {
  const output = { text: "" };
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    output.text += chunk;
  });
  return output;
}
