import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { type Client, type ClientOptions, defineContract, method, NewClient, type ReattachConfig } from "../../../src/index.js";
import { fixture, rejection, startFixture } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { within } from "../../kit/own-time.js";
import { spawnRuntime } from "../../kit/spawn-runtime.js";

gate();
const run = promisify(execFile);
const HOST = fileURLToPath(new URL("../../fixtures/hosts/attaches-without-files.mjs", import.meta.url));
const LEFT = { kind: "closed", by: "us" };
const alone = defineContract("alone", { version: method<void, number>(), exit: method<void, void>(), crash: method<void, void>() });

function configOf(client: Client): ReattachConfig {
  return client.reattachConfig as ReattachConfig;
}

function attach(owner: Client, options: Partial<ClientOptions> & { readonly mayKill?: boolean | undefined } = {}): Client {
  const { mayKill, ...rest } = options;
  return NewClient({ reattach: { ...configOf(owner), mayKill }, ...rest });
}

test.for(["tcp", "unix", "websocket"] as const)(
  "[O28] a second client attaches over %s; kill() leaves, and the plugin stays",
  async (transport) => {
    await using owner = await startFixture("echo", { transport });
    const config = configOf(owner);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config); // It fits in an environment variable.
    const client = NewClient({ reattach: JSON.stringify(config) });
    expect(await client.start()).toEqual(config.address);
    expect([client.pid, client.state, client.reattachConfig]).toEqual([owner.pid, "ready", config]);
    const connection = await client.client();
    expect(await connection.call("echo.echo", "hello")).toBe("hello");
    const waiting = rejection(connection.call("echo.never"));
    await connection.ping();
    expect(await client.kill()).toEqual(LEFT);
    expect(await waiting).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await client.closed).toEqual(LEFT);
    expect(await (await owner.client()).call("echo.echo", 1)).toBe(1);
  },
);

test("[O28] before a plugin is ready there is nothing to attach to", async () => {
  await using owner = await startFixture("echo");
  expect(Object.keys(configOf(owner)).sort()).toEqual(["address", "apiVersion", "pid", "protocol", "secret"]);
  expect(attach(owner).reattachConfig).toBeUndefined();
});

test("[O24, O28] whoever attaches agrees its own version, and the first host keeps its own", async () => {
  await using owner = await startFixture("serves-alone", { apiVersions: [1, 2] });
  expect(configOf(owner).apiVersion).toBe(2);
  await using client = attach(owner, { apiVersions: [1] });
  expect(await (await client.dispense(alone)).version()).toBe(1);
  expect([client.negotiatedVersion, owner.negotiatedVersion]).toEqual([1, 2]);
  const none = attach(owner, { apiVersions: [7] });
  expect(await rejection(none.start())).toMatchObject({ code: "VERSION_MISMATCH", step: "hello" });
  expect(await (await owner.dispense(alone)).version()).toBe(2);
});

test.for([
  ["exits", "exit"],
  ["is killed", "crash"],
] as const)("[O28] that the plugin %s is noticed at once by all", async ([, how]) => {
  const owner = await startFixture("serves-alone");
  const client = attach(owner);
  const remote = await client.dispense(alone);
  expect(await within(2_000, rejection(remote[how]()))).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await within(2_000, client.closed)).toMatchObject({ kind: "exited", exitCode: null, signal: null, stderrTail: "" });
  expect(await owner.closed).toMatchObject({ kind: "exited" });
});

test("[O28] mayKill ends the plugin, and its first host is told that it exited", async () => {
  const owner = await startFixture("cleans-up", { args: ["20"] });
  const pid = owner.pid as number;
  const client = attach(owner, { mayKill: true });
  await client.start();
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect(isAlive(pid)).toBe(false);
  expect(await owner.closed).toMatchObject({ kind: "exited", exitCode: 0 });
});

test("[O28, P3] mayKill ends a plugin that ignores everything, and the whole group that it leads", async () => {
  const owner = await startFixture("never-ends");
  const pid = owner.pid as number;
  const client = attach(owner, { mayKill: true, killTimeoutMs: 100 });
  await client.start();
  expect(await client.kill()).toEqual({ kind: "killed", forced: true, escaped: [] });
  expect(isAlive(pid)).toBe(false);
  // It closed its connection when it was asked to end. Its first host gives the process 250 ms from there: on a loaded machine they
  // may be over when SIGKILL is seen to have ended it.
  expect(["exited", "closed"]).toContain((await owner.closed).kind);
});

test("[O28, O35] mayKill ends what has left the group, too", async () => {
  const owner = await startFixture("has-a-child", { args: ["detached"] });
  const family = defineContract("family", { child: method<void, number>() });
  const child = await (await owner.dispense(family)).child();
  const client = attach(owner, { mayKill: true });
  await client.start();
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect(isAlive(child)).toBe(false);
  expect(await owner.closed).toMatchObject({ kind: "exited" });
});

test("[O28] a plugin that leads no group is killed alone: the group is its starter's", async () => {
  const runtime = spawnRuntime({ detached: false });
  const owner = NewClient({ command: fixture("echo"), runtime, minPort: 0, maxPort: 0 });
  const address = await owner.start();
  expect(owner.reattachConfig).toBeUndefined(); // A runtime's process has no number that counts here.
  const pid = runtime.child.pid as number;
  const secret = runtime.env["PLUGIN_SECRET"] as string;
  const client = NewClient({ reattach: { pid, address, protocol: "jsonrpc", apiVersion: 1, secret, mayKill: true }, killTimeoutMs: 0 });
  await client.start();
  expect(await client.kill()).toMatchObject({ kind: "killed" });
  expect(isAlive(pid)).toBe(false); // And this process, which is in that group, lives.
  expect(await owner.closed).toMatchObject({ kind: "exited" });
});

test("[O28] a plugin that has ended is no longer attached to", async () => {
  const owner = await startFixture("echo");
  const config = configOf(owner);
  await owner.kill();
  const client = NewClient({ reattach: { ...config, mayKill: true } });
  const error = await rejection(client.start());
  expect(error).toMatchObject({ code: "START_FAILED", step: "spawn" });
  expect(error.message).toBe(
    `Cannot attach to plugin "process ${config.pid}": there is no process ${config.pid} any more: the plugin has ended\n` +
      "  Start it again, and take the configuration that it prints then.",
  );
});

test("[O28, O29] who cannot prove the secret gets in nowhere, and kills nobody, with mayKill too", async () => {
  await using owner = await startFixture("echo");
  await using other = await startFixture("echo");
  const reattach = { ...configOf(owner), address: configOf(other).address, mayKill: true };
  const client = NewClient({ reattach });
  const error = await rejection(client.start());
  expect(error).toMatchObject({ code: "BAD_HANDSHAKE", step: "hello" });
  expect(error.message).toContain(`Cannot attach to plugin "process ${owner.pid}": `);
  expect(await client.closed).toMatchObject({ kind: "failed" });
  expect(await client.kill()).toMatchObject({ kind: "failed" });
  expect([isAlive(owner.pid as number), isAlive(other.pid as number)]).toEqual([true, true]);
});

test.for([0, 1, 3, 10])("[O28] kill() %i ms into attaching leaves, and kills nobody", async (ms) => {
  await using owner = await startFixture("echo");
  const client = attach(owner, { mayKill: ms > 0 ? undefined : true });
  const started = client.start().then(
    () => "started",
    (error: Error) => error.message,
  );
  if (ms > 0) await sleep(ms);
  expect(await client.kill()).toEqual(LEFT);
  expect(await started).toMatch(/^started$|it was killed by this program while it started/);
  expect(await (await owner.client()).call("echo.echo", 1)).toBe(1);
});

test("[F139, O28] a host that has too many files open does not take the plugin for ended", async () => {
  await using owner = await startFixture("echo");
  const env = { ...process.env, MORTISE_REATTACH: JSON.stringify(configOf(owner)) };
  const { stdout } = await run("/bin/sh", ["-c", 'ulimit -n 64; exec "$@"', "sh", process.execPath, HOST], { env });
  expect(JSON.parse(stdout)).toEqual({ held: true, state: "ready", left: LEFT });
});

test("[O28, P6] a heartbeat without mayKill gives a frozen plugin up, and does not end it", async () => {
  await using owner = await startFixture("echo", { heartbeat: false });
  const pid = owner.pid as number;
  const client = attach(owner, { heartbeat: { intervalMs: 100, timeoutMs: 100 } });
  await client.start();
  process.kill(pid, "SIGSTOP");
  expect(await client.closed).toMatchObject({ kind: "lost" });
  process.kill(pid, "SIGCONT");
  expect(await (await owner.client()).call("echo.echo", 1)).toBe(1);
});
