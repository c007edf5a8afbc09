import { expect, test } from "vitest";
import type { Running } from "../../src/index.js";
import { NewClient } from "../../src/index.js";
import { startBy } from "../../src/process/start-by.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";

gate();
const request = { command: ["x"] as const, env: {}, cwd: undefined, signal: new AbortController().signal };
const nothing = async function* (): AsyncGenerator<Uint8Array> {};

/** Private members of its own: a copy or a proxy would lose them. */
class Fake implements Running {
  readonly id = "fake";
  readonly stdin = undefined;
  readonly stdout = nothing();
  readonly stderr = nothing();
  readonly exited: Promise<never>;
  #signals: string[] = [];

  constructor(exited: Promise<unknown>) {
    this.exited = exited as Promise<never>;
  }

  get signals(): readonly string[] {
    return this.#signals;
  }

  signal(name: string): void {
    this.#signals.push(name);
  }
}

test.each([
  ["rejects", () => Promise.reject(new Error("docker is gone"))],
  ["rejects with undefined", () => Promise.reject(undefined)],
  ["resolves with nothing", () => Promise.resolve(undefined)],
  ["resolves with something else", () => Promise.resolve({ exitCode: "1", signal: 9 })],
])("an end that %s is the end of the process all the same, with nothing known of how", async (_what, exited) => {
  const fake = new Fake(exited());
  const running = await startBy({ start: async () => fake }, request);
  expect(await running.exited).toEqual({ exitCode: null, signal: null });
  running.signal("SIGTERM");
  expect([fake.signals, running.id, "pid" in running, "toHost" in running]).toEqual([["SIGTERM"], "fake", false, false]);
});

test.each([
  [undefined, "its runtime rejected with undefined"],
  [null, "its runtime rejected with null"],
  ["no", 'its runtime rejected with "no"'],
  [new Proxy({}, { get: () => expect.fail("looked at"), getPrototypeOf: () => expect.fail("looked at") }), "may not be looked at"],
])("a start that rejects with %# fails with a sentence", async (thrown, sentence) => {
  const runtime = { start: () => Promise.reject(thrown) };
  const error = await rejection(NewClient({ command: "x", runtime, minPort: 0, maxPort: 0 }).start());
  expect(error).toMatchObject({ name: "StartError", code: "START_FAILED" });
  expect(error.message).toContain(sentence);
});

test.each([
  [undefined, "its runtime started undefined, and must give an object of the type Running"],
  [{ id: "x" }, "what its runtime started has no promise exited, which tells when it is gone"],
])("a runtime that gives no process fails the start with a sentence", async (given, sentence) => {
  const runtime = { start: async () => given as never };
  expect((await rejection(NewClient({ command: "x", runtime, minPort: 0, maxPort: 0 }).start())).message).toContain(sentence);
});

test("a plugin whose runtime cannot tell its end fails its start, and nothing is left unhandled", async () => {
  const runtime = { start: async () => new Fake(Promise.reject(undefined)) };
  const error = await rejection(NewClient({ command: "x", runtime, minPort: 0, maxPort: 0, killTimeoutMs: 10 }).start());
  expect(error).toMatchObject({ name: "StartError" });
});
