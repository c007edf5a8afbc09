import { expect, test } from "vitest";
import { resolveClientOptions } from "../../../src/client/options/options.js";
import { NewClient, type StartError } from "../../../src/index.js";
import type { Running } from "../../../src/process/runtime.js";
import { deferred } from "../../../src/util/deferred.js";
import { gist, lateStart, reason, startFailure } from "../../client/start/start-failure.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const LATE = { code: "START_TIMEOUT", exitCode: null, signal: null };
const isAt =
  (step: string) =>
  (error: StartError): boolean =>
    error.step === step;
const BAD_TIME = "and it must be a number of milliseconds above 0";

test("[F32, O16] a silent plugin is killed, and the error says after how long", async () => {
  const { error, ms } = await lateStart(
    ({ stderrTail }) => stderrTail !== "",
    (startTimeoutMs) => clientFor("prints-and-waits", { startTimeoutMs }),
  );
  expect(gist(error)).toEqual({ ...LATE, step: "announcement" });
  expect(error.message).toContain(`: it timed out after ${ms} ms, before announcing an address\n  stdout held nothing\n`);
  expect(error.message).toMatch(/\n {2}last stderr line: pid \d+\n/);
  expect(error.message).toMatch(/\n {2}Run it by hand to see the full output: .*\n {2}If it only needs longer, raise startTimeoutMs\.$/);
});

test("[F32, O25] a plugin that prints only noise is killed, and the error shows the noise", async () => {
  const args = ["Listening on 8080", "v1|tcp|127.0.0.1:1|jsonrpc|", "1|1|tcp|127.0.0.1:1"];
  const { error } = await lateStart(
    ({ message }) => message.includes("stdout held 3 lines"),
    (startTimeoutMs) => clientFor("prints-and-waits", { args, startTimeoutMs }),
  );
  expect(gist(error)).toEqual({ ...LATE, step: "announcement" });
  expect(error.message).toContain('\n  stdout held 3 lines and no announcement; the first: "Listening on 8080"\n');
  expect(error.message).toContain('\n  "1|1|tcp|127.0.0.1:1" would be one with a protocol as its fifth field: jsonrpc or jsonrpc+ws.\n');
});

test("[F39, O16] the time is over while a plugin does not listen where it said", async () => {
  const { error, ms } = await lateStart(isAt("connect"), (startTimeoutMs) =>
    clientFor("listens-badly", { args: ["never"], startTimeoutMs, limits: { helloTimeoutMs: 60_000 } }),
  );
  expect(gist(error)).toEqual({ ...LATE, step: "connect" });
  expect(reason(error)).toBe(`it timed out after ${ms} ms, before it could be reached`);
});

test("[F40, O16] the time is over while a plugin does not answer the hello", async () => {
  const { error, ms } = await lateStart(isAt("hello"), (startTimeoutMs) =>
    clientFor("listens-badly", { args: ["mute"], startTimeoutMs, limits: { helloTimeoutMs: 60_000 } }),
  );
  expect(gist(error)).toEqual({ ...LATE, step: "hello" });
  expect(reason(error)).toBe(`it timed out after ${ms} ms, during the handshake`);
});

test("[F40] a plugin that accepts and never speaks is killed after helloTimeoutMs", async () => {
  const error = await startFailure(clientFor("listens-badly", { args: ["mute"], limits: { helloTimeoutMs: 100 } }));
  expect(gist(error)).toEqual({ ...LATE, step: "hello" });
  expect(reason(error)).toBe("it was connected to, and did not answer the hello in 100 ms");
  expect(error.message.split("\n").at(-1)).toBe("  If it only needs longer, raise limits.helloTimeoutMs.");
});

test("[O16] the time is over while a plugin configures itself, however long the hello may take", async () => {
  const { error, ms } = await lateStart(isAt("ready"), (startTimeoutMs) =>
    clientFor("configures", { config: { what: "hang" }, startTimeoutMs, limits: { helloTimeoutMs: startTimeoutMs / 2 } }),
  );
  expect(gist(error)).toEqual({ ...LATE, step: "ready" });
  expect(reason(error)).toBe(`it timed out after ${ms} ms, while it configured itself`);
});

test("[O16, O32] the time is over while a runtime starts nothing, and its signal says so", async () => {
  let reasonGiven: unknown;
  const start = ({ signal }: { signal: AbortSignal }) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reasonGiven = signal.reason;
        reject(signal.reason);
      });
    });
  const error = await startFailure(NewClient({ command: "x", runtime: { start }, startTimeoutMs: 50 }));
  expect(gist(error)).toEqual({ ...LATE, step: "spawn" });
  expect(error.message).toBe('Cannot start plugin "x": it timed out after 50 ms, before its process was there');
  expect(reasonGiven).toBe(error.cause);
});

test("[O16, O32] a process that a runtime gives too late is ended", async () => {
  const late = deferred<Running>();
  const signalled = deferred<string>();
  await startFailure(NewClient({ command: "x", runtime: { start: () => late.promise }, startTimeoutMs: 50 }));
  const nothing = async function* (): AsyncGenerator<Uint8Array> {};
  const exited = signalled.promise.then(() => ({ exitCode: null, signal: "SIGKILL" }) as const);
  late.resolve({ id: "late", stdin: undefined, stdout: nothing(), stderr: nothing(), exited, signal: signalled.resolve });
  expect(await signalled.promise).toBe("SIGKILL");
});

test("[O16] a start that is over before the process is there leaves none behind", async () => {
  for (const startTimeoutMs of [1, 2, 5, 10, 20]) {
    const error = await startFailure(clientFor("prints-and-waits", { startTimeoutMs }));
    expect(error.code).toBe("START_TIMEOUT");
  }
});

test("[F32, F40, O16] a start has 60 s by default, and the hello in it 5 s", () => {
  const { startTimeoutMs, limits } = resolveClientOptions({ command: "x" });
  expect([startTimeoutMs, limits.helloTimeoutMs]).toEqual([60_000, 5_000]);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("[O16] a startTimeoutMs of %s is the caller's mistake", async (startTimeoutMs) => {
  const error = await rejection(Promise.resolve().then(() => clientFor("echo", { startTimeoutMs })));
  expect(error).toEqual(new RangeError(`Cannot create a client: startTimeoutMs is ${startTimeoutMs}, ${BAD_TIME}`));
});
