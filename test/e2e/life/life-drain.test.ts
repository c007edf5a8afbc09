import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { deferred } from "../../../src/util/deferred.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { RawPlugin } from "../../kit/raw/raw-plugin.js";

gate();
const work = defineContract("work", {
  run: method<string, string>(),
  watch: stream<void, string>(),
  finish: method(),
  repeat: method<string>(),
});
const ui = defineContract("ui", { ask: method<string, string>() });
const calls = defineContract("calls", { hold: method<number, number>(), never: method<string>(), aborted: method<void, string[]>() });
const KILLED = { kind: "killed", forced: false, escaped: [] };

test("drain() lets calls, streams and calls back finish, refuses new calls, and ends the plugin then", async () => {
  const provides = [implement(ui, { ask: (name) => `Hello, ${name}` })];
  const client = clientFor("works", { provides });
  const { run, watch, finish } = await client.dispense(work);
  const answers = Promise.all([run("a"), run("b")]);
  const items = watch()[Symbol.asyncIterator]();
  expect(await items.next()).toEqual({ done: false, value: "begun" });
  // Sent before the drain; what it does is done after it began.
  const finished = finish();
  const drained = client.drain();
  const refused = await rejection(run("c"));
  const pid = client.pid as number;
  expect(isAlive(pid)).toBe(true);
  expect(refused).toMatchObject({
    code: "NOT_SENT",
    message: expect.stringMatching(/^Cannot call "work.run": plugin ".+" is being drained$/),
  });
  await finished;
  expect(await answers).toEqual(["Hello, a", "Hello, b"]);
  expect([await items.next(), await items.next()]).toEqual([
    { done: false, value: "done" },
    { done: true, value: undefined },
  ]);
  expect(await drained).toEqual(KILLED);
  expect(await client.closed).toEqual(KILLED);
  expect(isAlive(pid)).toBe(false);
});

test("drain() waits for the plugin's own calls as well, and refuses those that come once its host's are done", async () => {
  const asked = deferred<void>();
  const finish = deferred<string>();
  const provides = [
    implement(ui, {
      ask: () => {
        asked.resolve();
        return finish.promise;
      },
    }),
  ];
  const stderr = new PassThrough();
  const written = text(stderr);
  const client = clientFor("works", { provides, stderr });
  await (await client.dispense(work)).repeat("a");
  await asked.promise;
  let over = false;
  const drained = client.drain().finally(() => {
    over = true;
  });
  const refused = new Promise<void>((resolve) => stderr.once("data", () => resolve()));
  await refused;
  expect(over).toBe(false);
  finish.resolve("done");
  expect(await drained).toEqual(KILLED);
  stderr.end();
  expect((await written).split("\n")[0]).toBe("NOT_SENT");
});

test("drain() gives up after timeoutMs, and kill() cuts it short", async () => {
  const bounded = clientFor("holds-calls", { killTimeoutMs: 100 });
  const lost = rejection((await bounded.dispense(calls)).never("a"));
  expect(await bounded.drain({ timeoutMs: 50 })).toMatchObject({ kind: "killed" });
  expect(await lost).toMatchObject({ code: "CONNECTION_CLOSED" });

  const cut = clientFor("holds-calls", { killTimeoutMs: 100 });
  const gone = rejection((await cut.dispense(calls)).never("a"));
  const drained = cut.drain({ timeoutMs: Number.POSITIVE_INFINITY });
  expect(await cut.kill()).toMatchObject({ kind: "killed" });
  expect(await drained).toEqual(await cut.closed);
  await gone;
});

test("a plugin that dies while it is drained has exited, and is not said to have been killed", async () => {
  const client = clientFor("holds-calls");
  const lost = rejection((await client.dispense(calls)).never("a"));
  const drained = client.drain();
  process.kill(client.pid as number, "SIGKILL");
  expect(await drained).toMatchObject({ kind: "exited", signal: "SIGKILL" });
  expect(await lost).toMatchObject({ code: "CONNECTION_LOST" });
});

test("a plugin that closes its connection while it is drained has done so, and is ended for it", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const lost = rejection(connection.call("raw.call"));
  const drained = client.drain();
  await socket.message();
  socket.destroy();
  expect(await drained).toEqual({ kind: "closed", by: "peer" });
  expect(await lost).toMatchObject({ code: "CONNECTION_LOST" });
});

test("drain() of a client that has no calls is kill(): before its start, during it, and after the end", async () => {
  const idle = clientFor("holds-calls");
  expect(await idle.drain()).toEqual(KILLED);
  expect(await idle.drain()).toEqual(KILLED);
  const starting = clientFor("holds-calls");
  const started = rejection(starting.start());
  expect(await starting.drain()).toMatchObject({ kind: "killed" });
  expect((await started).message).toContain("it was killed by this program while it started");
});

test.each([
  [{ timeoutMs: -1 }, "timeoutMs is -1, and it must be a number of milliseconds from 0, or Infinity"],
  [{ timeoutMs: "soon" }, 'timeoutMs is "soon", and it must be a number of milliseconds from 0, or Infinity'],
  [{ timeout: 5 }, 'there is no option "timeout"; did you mean "timeoutMs"?'],
])("[R30] the options %j of drain() are refused by name, and nothing is drained", async (options, fault) => {
  const client = clientFor("holds-calls");
  const { hold } = await client.dispense(calls);
  const error = await rejection(client.drain(options as object));
  expect(error.message).toMatch(/^Cannot drain plugin ".+": /);
  expect(error.message).toContain(fault);
  expect(await hold(1)).toBe(1);
  await client.kill();
});
