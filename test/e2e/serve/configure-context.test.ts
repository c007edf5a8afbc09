import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type ClientOptions,
  type ConfigureContext,
  defineContract,
  implement,
  method,
  NewClient,
  notification,
  type ReattachConfig,
} from "../../../src/index.js";
import { connectInMemory } from "../../../src/testing/index.js";
import { deferred } from "../../../src/util/deferred.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

const ui = defineContract("ui", { ask: method<string, string>(), tick: notification<string>() });
let file: string;
beforeEach(() => {
  file = join(process.env["TMPDIR"] as string, "ticks");
  writeFileSync(file, "");
});
afterEach(() => rmSync(file));
gate();

/** A host's side of the contract, which hears `enough` calls. */
function listening(enough: number) {
  const heard: string[] = [];
  const done = deferred<void>();
  const hear = (text: string): string => {
    heard.push(text);
    if (heard.length === enough) done.resolve();
    return "yes";
  };
  return { heard, done: done.promise, provides: [implement(ui, { ask: hear, tick: (text) => void hear(text) })] };
}

for (const transport of ["tcp", "unix", "websocket"] as const) {
  test(`[O20] a plugin calls its host while it configures itself, and from a timer until the host is gone, over ${transport}`, async () => {
    const { heard, done, provides } = listening(9);
    const client = clientFor("ticks", { provides, transport, config: { file, name: "a" } });
    await client.start();
    await done;
    expect(heard.slice(0, 9)).toEqual(["may a start?", ...[1, 2, 3, 4, 5, 6, 7, 8].map((count) => `a ${count}`)]);
    // Its timer would hold it: that it ends in time is the signal's doing.
    expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
    expect(readFileSync(file, "utf8")).toMatch(/^yes\na: CONNECTION_(LOST|CLOSED): The connection is over: /);
  });
}

test("[O20, O28] each host that a plugin has is called on its own connection, and its signal aborts with that alone", async () => {
  const [first, second] = [listening(3), listening(3)];
  const owner = clientFor("ticks", { provides: first.provides, config: { file, name: "a" } });
  await owner.start();
  await first.done;
  const options: ClientOptions = { provides: second.provides, config: { file, name: "b" } };
  const guest = NewClient({ ...options, reattach: owner.reattachConfig as ReattachConfig });
  await guest.start();
  await second.done;
  await guest.kill();
  await expect
    .poll(() => readFileSync(file, "utf8"), { timeout: 10_000 })
    .toBe("yes\nyes\nb: CONNECTION_LOST: The connection is over: the connection to the host was closed by it\n");
  expect(new Set(second.heard.map((text) => text.split(" ")[0]))).toEqual(new Set(["may", "b"]));
  const before = first.heard.length;
  await expect.poll(() => first.heard.length, { timeout: 10_000 }).toBeGreaterThan(before);
  await owner.kill();
});

test("[O36] configure() is told the same in memory, and after the end its calls are NOT_SENT", async () => {
  const { heard, provides } = listening(1);
  const told = deferred<ConfigureContext>();
  const connection = await connectInMemory({
    provides: [],
    hostProvides: provides,
    config: { name: "a" },
    configure: async (config, context) => {
      await context.peer.dispense(ui).ask((config as { name: string }).name);
      told.resolve(context);
    },
  });
  const { peer, signal } = await told.promise;
  const { ask } = peer.dispense(ui);
  expect([signal.aborted, await ask("later"), heard]).toEqual([false, "yes", ["a", "later"]]);
  await connection.close();
  await expect.poll(() => signal.aborted).toBe(true);
  const message = "The connection is over: the connection to the host in memory was closed by it";
  expect(signal.reason).toMatchObject({ code: "CONNECTION_LOST", message });
  expect(await rejection(ask("too late"))).toMatchObject({ code: "NOT_SENT" });
});

test("a configure() that takes the configuration alone works as ever", async () => {
  const seen: unknown[] = [];
  await using connection = await connectInMemory({ provides: [], config: 7, configure: (config) => void seen.push(config) });
  expect([seen, connection.provided]).toEqual([[7], []]);
});
