import { expect, test } from "vitest";
import { defineContract, implement, method } from "../../src/index.js";
import { deferred } from "../../src/util/deferred.js";
import { gate } from "../kit/gate.js";
import { RawHost } from "../kit/raw/raw-host.js";

gate();
const work = defineContract("work", { run: method<void, string>() });
const shutdown = (id: number, graceMs: unknown): object => ({ jsonrpc: "2.0", id, method: "rpc.shutdown", params: { graceMs } });

test("[O26] rpc.shutdown lets calls that run finish, answers later ones -32003, is answered itself last, and stops the server", async () => {
  const running = deferred<string>();
  await using host = await RawHost.serve([implement(work, { run: () => running.promise })]);
  const socket = await host.ready();
  socket.send({ jsonrpc: "2.0", id: 2, method: "work.run" });
  socket.send(shutdown(3, 60_000));
  socket.send({ jsonrpc: "2.0", id: 4, method: "work.run" });
  expect(await socket.message()).toEqual({
    jsonrpc: "2.0",
    id: 4,
    error: { code: -32003, message: 'Cannot run "work.run": this side is stopping' },
  });
  running.resolve("done");
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 2, result: "done" });
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 3, result: {} });
  expect(await host.server.stopped).toSatisfy((leftMs: number) => leftMs > 50_000 && leftMs <= 60_000);
});

test("[O26] a call that never ends is given the whole grace period, and the plugin's clean-up three quarters of as much after that", async () => {
  await using host = await RawHost.serve([implement(work, { run: () => new Promise<string>(() => {}) })]);
  const socket = await host.ready();
  socket.send({ jsonrpc: "2.0", id: 2, method: "work.run" });
  const begun = performance.now();
  socket.send(shutdown(3, 400));
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 3, result: {} });
  expect(performance.now() - begun).toBeGreaterThanOrEqual(398);
  expect(await host.server.stopped).toBe(300);
});

test.for([undefined, "soon", -1, null])("[O26] rpc.shutdown with graceMs %j means the default of 2000", async (graceMs) => {
  await using host = await RawHost.serve([]);
  const socket = await host.ready();
  socket.send(shutdown(2, graceMs));
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 2, result: {} });
  expect(await host.server.stopped).toSatisfy((leftMs: number) => leftMs > 1_000 && leftMs <= 2_000);
});

test("[O26] rpc.shutdown is taken in an array of one", async () => {
  await using host = await RawHost.serve([]);
  const socket = await host.ready();
  socket.send({ jsonrpc: "2.0", id: 2, method: "rpc.shutdown", params: [{ graceMs: 60_000 }] });
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 2, result: {} });
  expect(await host.server.stopped).toSatisfy((leftMs: number) => leftMs > 50_000);
});

test("[O26] rpc.shutdown reaches the calls of every host, and a second one is answered too", async () => {
  const running = deferred<string>();
  await using host = await RawHost.serve([implement(work, { run: () => running.promise })]);
  const [first, second] = [await host.ready(), await host.ready()];
  first.send({ jsonrpc: "2.0", id: 2, method: "work.run" });
  first.send({ jsonrpc: "2.0", id: 3, method: "rpc.ping" });
  expect(await first.message()).toMatchObject({ result: "pong" }); // So the call has arrived.
  second.send(shutdown(2, 60_000));
  second.send({ jsonrpc: "2.0", id: 3, method: "work.run" });
  expect(await second.message()).toMatchObject({ id: 3, error: { code: -32003 } });
  running.resolve("done");
  expect(await first.message()).toMatchObject({ id: 2, result: "done" });
  expect(await second.message()).toMatchObject({ id: 2, result: {} });
  second.send(shutdown(4, 0));
  expect(await second.message()).toMatchObject({ id: 4, result: {} });
});

test("[O26] of two that say to stop the one that gives more time holds, and a stop() that comes later changes nothing", async () => {
  const running = deferred<string>();
  await using host = await RawHost.serve([implement(work, { run: () => running.promise })]);
  const socket = await host.ready();
  socket.send({ jsonrpc: "2.0", id: 2, method: "work.run" });
  socket.send(shutdown(3, 60_000));
  socket.send(shutdown(4, 0));
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 4, result: {} });
  await host.server.stop(0);
  // Who comes now is refused, too.
  const late = await host.ready();
  late.send({ jsonrpc: "2.0", id: 2, method: "work.run" });
  expect(await late.message()).toMatchObject({ id: 2, error: { code: -32003 } });
  running.resolve("done");
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 2, result: "done" });
  expect(await socket.message()).toEqual({ jsonrpc: "2.0", id: 3, result: {} });
  expect(await host.server.stopped).toBeGreaterThan(50_000);
});

test("[O26] losing one connection ends neither the server nor the others", async () => {
  await using host = await RawHost.serve([implement(work, { run: () => "still here" })]);
  const [first, second] = [await host.ready(), await host.ready()];
  first.destroy();
  await first.closed;
  second.send({ jsonrpc: "2.0", id: 2, method: "work.run" });
  expect(await second.message()).toMatchObject({ result: "still here" });
  const third = await host.ready();
  third.send({ jsonrpc: "2.0", id: 2, method: "rpc.ping" });
  expect(await third.message()).toMatchObject({ result: "pong" });
});
