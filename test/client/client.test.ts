import { expect, test } from "vitest";
import { type Client, NewClient, type Runtime } from "../../src/index.js";
import type { Running } from "../../src/process/runtime.js";
import { deferred } from "../../src/util/deferred.js";
import { memoryLogger, rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { RawPlugin } from "../kit/raw/raw-plugin.js";

gate();
const KILLED = { kind: "killed", forced: false, escaped: [] };
const WAS_KILLED = 'Cannot start plugin "raw-plugin": this client was killed, and a client starts once\n  Make a new one with NewClient()';

/** A runtime that counts its starts, and takes its time for them. */
function slowRuntime(start: (signal: AbortSignal) => Promise<Running>): { runtime: Runtime; readonly starts: number } {
  const counted = {
    starts: 0,
    runtime: {
      start: ({ signal }: { signal: AbortSignal }) => {
        counted.starts++;
        return start(signal);
      },
    },
  };
  return counted;
}

function silent(): { running: Running; signals: string[] } {
  const exited = deferred<{ exitCode: number | null; signal: NodeJS.Signals | null }>();
  const signals: string[] = [];
  const until = async function* (): AsyncGenerator<Uint8Array> {
    await exited.promise;
    yield Buffer.alloc(0);
  };
  const signal = (name: "SIGTERM" | "SIGKILL"): void => {
    signals.push(name);
    exited.resolve({ exitCode: null, signal: name });
  };
  return { running: { id: "silent", stdin: undefined, stdout: until(), stderr: until(), exited: exited.promise, signal }, signals };
}

async function ready(plugin: RawPlugin, client: Client): Promise<void> {
  await Promise.all([plugin.ready(), client.start()]);
}

test("[O10, O11] start() and client() start once: the same address and the same connection each time", async () => {
  await using plugin = await RawPlugin.listen();
  const counted = slowRuntime(() => plugin.runtime.start({ env: {} } as never));
  const runtime: Runtime = {
    start: (request) => Promise.all([counted.runtime.start(request), plugin.runtime.start(request)]).then(([, running]) => running),
  };
  const client = plugin.client({ runtime });
  const [, first, second, connection] = await Promise.all([plugin.ready(), client.start(), client.start(), client.client()]);
  expect(second).toEqual(first);
  expect(await client.start()).toEqual(first);
  expect(await client.client()).toBe(connection);
  expect([counted.starts, client.state, client.negotiatedVersion]).toEqual([1, "ready", 1]);
  expect(await client.kill()).toEqual(KILLED);
});

test("[O11] start() rejects plainly after kill()", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  await ready(plugin, client);
  await client.kill();
  for (const attempt of [client.start(), client.client(), client.dispense({ name: "raw", members: {} })]) {
    expect(await rejection(attempt)).toMatchObject({ name: "StartError", code: "START_FAILED", step: "options", message: WAS_KILLED });
  }
});

test("[O12] kill() before start() spawns nothing, and the client is closed at once", async () => {
  const counted = slowRuntime(() => Promise.reject(new Error("unreachable")));
  const client = NewClient({ command: "raw-plugin", runtime: counted.runtime });
  const killed = client.kill();
  expect(client.state).toBe("closed");
  expect([await killed, await client.closed, await client.kill()]).toEqual([KILLED, KILLED, KILLED]);
  expect((await rejection(client.start())).message).toBe(WAS_KILLED);
  expect(counted.starts).toBe(0);
});

test("[O12] kill() gives every caller the same result, at the same time and afterwards", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  await ready(plugin, client);
  const results = await Promise.all([client.kill(), client.kill(), client.closed, client[Symbol.asyncDispose]()]);
  expect(results[1]).toBe(results[0]);
  expect(results[2]).toBe(results[0]);
  expect(await client.kill()).toBe(results[0]);
});

test("[O12, F30] kill() while the process still silent is starting ends it, and start() says that this program did", async () => {
  const { running, signals } = silent();
  const client = NewClient({ command: "raw-plugin", runtime: { start: async () => running } });
  const started = rejection(client.start());
  await new Promise(setImmediate);
  expect(client.state).toBe("starting");
  expect(await client.kill()).toEqual(KILLED);
  expect((await started).message).toContain('Cannot start plugin "raw-plugin": it was killed by this program while it started');
  expect(signals).toEqual(["SIGTERM"]);
});

test("[O12, F30] kill() while a runtime is still bringing the process into being waits, and ends what comes of it", async () => {
  const { running, signals } = silent();
  const born = deferred<Running>();
  const client = NewClient({ command: "raw-plugin", runtime: { start: () => born.promise } });
  const started = rejection(client.start());
  await new Promise(setImmediate);
  const killed = client.kill();
  await new Promise(setImmediate);
  born.resolve(running);
  expect(await killed).toEqual(KILLED);
  expect(signals.length).toBeGreaterThan(0);
  await started;
});

test("[O11] the signal given to start() ends that wait alone, and not the start", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const impatient = new AbortController();
  const waiting = rejection(client.start({ signal: impatient.signal }));
  const reason = new Error("tired");
  impatient.abort(reason);
  expect(await waiting).toBe(reason);
  expect(await rejection(client.start({ signal: AbortSignal.abort(reason) }))).toBe(reason);
  await ready(plugin, client);
  expect(client.state).toBe("ready");
  await client.kill();
});

test("[O4] our own kill is no crash: calls that wait reject CONNECTION_CLOSED, later ones NOT_SENT", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const waiting = rejection(connection.call("raw.call", 1));
  await socket.message();
  const killed = client.kill();
  const refused = await rejection(connection.call("raw.call", 2));
  expect(refused).toMatchObject({ code: "NOT_SENT", message: 'Cannot call "raw.call": plugin "raw-plugin" is being stopped' });
  const shutdown = await socket.message();
  expect(shutdown).toMatchObject({ method: "rpc.shutdown", params: { graceMs: 100 } });
  socket.destroy();
  expect(await waiting).toMatchObject({ code: "CONNECTION_CLOSED" });
  plugin.exit();
  expect(await killed).toEqual(KILLED);
  expect(await connection.closed).toEqual({ kind: "closed", by: "us" });
});

test("[F31] a crash while we stop it is still our kill", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket] = await Promise.all([plugin.ready(), client.start()]);
  const killed = client.kill();
  await socket.message();
  plugin.exit(3);
  expect(await killed).toEqual(KILLED);
  expect(plugin.signals).toEqual([]);
});

test("[O12] a plugin that closes its connection and lives on is ended", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket] = await Promise.all([plugin.ready(), client.start()]);
  socket.destroy();
  expect(await client.closed).toEqual({ kind: "closed", by: "peer" });
  expect(plugin.signals).toEqual(["SIGTERM"]);
  expect(await client.kill()).toEqual({ kind: "closed", by: "peer" });
});

test("[O12] closing the connection ends the plugin", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [, connection] = await Promise.all([plugin.ready(), client.client()]);
  await connection.close();
  expect(await client.closed).toEqual({ kind: "closed", by: "us" });
  expect(plugin.signals).toEqual(["SIGTERM"]);
});

test("[O12, F30] kill() after a crash, and in the moment of one, tells of the crash", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  await ready(plugin, client);
  plugin.exit(1);
  const crashed = { kind: "exited", exitCode: 1, signal: null, stderrTail: "" };
  expect(await client.closed).toEqual(crashed);
  expect(await client.kill()).toEqual(crashed);
  const again = await rejection(client.start());
  expect(again.message).toBe(
    'Cannot start plugin "raw-plugin": this client has ended, and a client starts once\n  Make a new one with NewClient()',
  );
});

test("[O11] start() after a start that failed rejects plainly, with that failure as its cause", async () => {
  const client = NewClient({ command: "raw-plugin", runtime: { start: () => Promise.reject(new Error("there is no such image")) } });
  const failure = await rejection(client.start());
  expect(failure.message).toBe('Cannot start plugin "raw-plugin": there is no such image');
  expect(await client.closed).toEqual({ kind: "failed", error: failure });
  const again = await rejection(client.start());
  expect(again.message).toContain("this client has failed to start, and a client starts once");
  expect(again["cause"]).toBe(failure);
});

test("[O12] kill() resolves though a runtime's streams never end and its files cannot be removed", async () => {
  await using plugin = await RawPlugin.listen();
  const endless: Runtime = {
    start: async (request) => ({
      ...(await plugin.runtime.start(request)),
      stderr: (async function* () {
        yield await new Promise<Uint8Array>(() => {});
      })(),
    }),
  };
  const client = plugin.client({ runtime: endless, logger: memoryLogger() });
  await ready(plugin, client);
  expect(await client.kill()).toMatchObject({ kind: "killed" });
});

test("[O27] ping() resolves with milliseconds while the plugin lives, and rejects after it is gone", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const ping = connection.ping();
  const { id, method } = await socket.message();
  expect(method).toBe("rpc.ping");
  socket.send({ jsonrpc: "2.0", id, result: "pong" });
  expect(await ping).toSatisfy((ms: number) => ms > 0 && ms < 10_000);
  plugin.exit(1);
  await client.closed;
  expect(await rejection(connection.ping())).toMatchObject({ code: "NOT_SENT" });
});

test("[F1, F65] answers that were still in the socket when the process's end was told are not lost; other calls are CONNECTION_LOST", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const answered = connection.call("raw.call", 1);
  const unanswered = rejection(connection.call("raw.call", 2));
  const { id } = await socket.message();
  socket.socket.end(`${JSON.stringify({ jsonrpc: "2.0", id, result: "last" })}\n`);
  plugin.exit(1); // Told before the socket has been read.
  expect(await answered).toBe("last");
  expect(await unanswered).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await client.closed).toMatchObject({ kind: "exited", exitCode: 1 });
});

test("[F1] a connection that outlives its process is given up, and its calls are CONNECTION_LOST", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const waiting = rejection(connection.call("raw.call", 1));
  await socket.message();
  plugin.exit(1);
  expect(await waiting).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await connection.closed).toMatchObject({ kind: "exited", exitCode: 1 });
});
