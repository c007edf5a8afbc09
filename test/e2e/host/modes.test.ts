import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Host } from "../../../src/host/index.js";
import { collect, deepMerge, type Remote } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { hostWith, MODES, suite, type topics } from "../../kit/host-modes.js";

gate();

// One behaviour, whatever runs the plugin. A mode that is added to the list is held to all of it.
describe.each(MODES)("a plugin that is $name", (mode) => {
  let host: Host<typeof topics>;
  let helped: ReturnType<typeof hostWith>["helped"];
  let remote: Remote<typeof suite>;
  let endPlugins: () => Promise<void>;

  beforeEach(async () => {
    ({ host, helped } = hostWith([await mode.spec("one", { options: { a: 1 } }), await mode.spec("two")]));
    endPlugins = await mode.ready(host);
    remote = await host.getSession("one").dispense(suite);
  });
  afterEach(async () => {
    await host.close();
    await endPlugins();
  });

  test("is called, and is configured with its options", async () => {
    expect(await remote.echo({ text: "hello", list: [1, null, { deep: true }] })).toEqual({
      text: "hello",
      list: [1, null, { deep: true }],
    });
    expect(await remote.config()).toEqual({ a: 1 });
    const { config } = await host.getSession("two").dispense(suite);
    expect(await config()).toEqual({});
  });

  test("fails with its own words, name and code", async () => {
    const error = await rejection(remote.fail({ message: "no such draft", code: "E_DRAFT" }));
    expect(error).toMatchObject({ code: "REMOTE_ERROR", message: "no such draft", remoteName: "Error", remoteCode: "E_DRAFT" });
  });

  test("streams, and is stopped by its reader", async () => {
    const items: number[] = [];
    for await (const n of remote.count({ to: 5 })) items.push(n);
    expect(items).toEqual([1, 2, 3, 4, 5]);
    for await (const n of remote.count({ to: 1_000_000 })) if (n === 3) break;
    expect(await remote.echo("still there")).toBe("still there");
  });

  test("takes notifications in the order of the calls", async () => {
    await remote.note("first");
    await remote.note("second");
    expect(await remote.notes()).toEqual(["first", "second"]);
  });

  test("calls functions that it was lent, reads iterables, takes bytes and gives bytes", async () => {
    const seen: number[] = [];
    expect(await remote.callBack({ times: 3, onProgress: (n) => void seen.push(n) })).toBe(3);
    expect(seen).toEqual([1, 2, 3]);
    async function* numbers() {
      yield* [1, 2, 3, 4];
    }
    expect(await remote.sum({ numbers: numbers() })).toBe(10);
    const answer = await remote.bytes({ bytes: Uint8Array.of(0, 1, 255) });
    expect([answer.length, [...answer.bytes]]).toEqual([3, [255, 254, 0]]);
  });

  test("is told of a cancelled call and of a deadline that has passed", async () => {
    const abort = new AbortController();
    const cancelled = rejection(remote.never("cancelled", { signal: abort.signal }));
    const late = rejection(remote.never("late", { timeoutMs: 20 }));
    abort.abort(new Error("enough"));
    expect(await cancelled).toMatchObject({ message: "enough" });
    expect(await late).toMatchObject({ code: "CALL_TIMEOUT" });
    await expect.poll(async () => (await remote.aborted()).length).toBe(2);
    expect((await remote.aborted()).map((entry) => (entry as string[])[0]).sort()).toEqual(["cancelled", "late"]);
  });

  test("[S42] calls the host, and the host calls it while it waits for that", async () => {
    expect(await remote.askHost("please")).toEqual({ helped: "please", plugin: "one" });
    expect(await remote.reenter("again")).toEqual({ back: "again" });
    expect(helped.map(({ plugin }) => plugin)).toEqual(["one", "one"]);
  });

  test("[T11, T13, T31] hears events that it declared, with id, source and time, and never its own", async () => {
    const here: unknown[] = [];
    const stop = host.bus.on("told", (payload, { source }) => void here.push([payload, source]));
    await host.bus.emit("told", { n: 1 });
    await host.bus.emit("other", "not declared");
    const two = await host.getSession("two").dispense(suite);
    await remote.emit({ topic: "told", payload: { n: 2 } });
    await expect.poll(async () => (await two.heard()).length).toBe(2);
    expect(await remote.heard()).toEqual([{ payload: { n: 1 }, id: expect.any(String), source: "host", isDate: true }]);
    expect((await two.heard()).map(({ payload, source }) => [payload, source])).toEqual([
      [{ n: 1 }, "host"],
      [{ n: 2 }, "one"],
    ]);
    await expect
      .poll(() => here)
      .toEqual([
        [{ n: 1 }, "host"],
        [{ n: 2 }, "one"],
      ]);
    stop();
  });

  test("[T12, T14, T20] answers actions: the first answer, all of them, or one merged in load order", async () => {
    expect(await host.bus.run("ask", { q: 1 })).toMatchObject({ by: "suite", input: { q: 1 }, source: "host" });
    const all = await host.bus.run("ask", { q: 2 }, { strategy: collect });
    expect(all.map(({ pluginId, ok }) => [pluginId, ok]).sort()).toEqual([
      ["one", true],
      ["two", true],
    ]);
    const stop = host.bus.on("ask", () => ({ by: "this program", own: true }));
    expect(await host.bus.run("ask", { q: 3 }, { strategy: deepMerge })).toMatchObject({ by: "suite", own: true, input: { q: 3 } });
    stop();
    // A plugin asks: all but itself, and gets the answer to its own request.
    expect(await remote.run({ topic: "ask", input: "x" })).toEqual({ by: "suite", input: "x", source: "one" });
    expect(await remote.run({ topic: "ask", input: "y", all: true })).toEqual([
      { pluginId: "two", value: { by: "suite", input: "y", source: "one" } },
    ]);
  });

  test("[T22, T23] an action that fails is the handler's own error, several are one, and none is NOT_PROVIDED", async () => {
    const several = await rejection(host.bus.run("ask", { fail: "no lint today" }));
    expect(several.message).toMatch(/^Cannot run "suite\/ask": all 2 plugins that answer it failed\n {2}\w+: no lint today/);
    expect((several["cause"] as AggregateError).errors).toHaveLength(2);
    expect(await rejection(remote.run({ topic: "ask", input: { fail: "just one" } }))).toMatchObject({ message: "just one" });
    const none = await rejection(host.bus.run("undeclared"));
    expect(none).toMatchObject({ code: "NOT_PROVIDED", message: 'Cannot run "suite/undeclared": no plugin answers it' });
    expect(await host.bus.run("undeclared", undefined, { strategy: collect })).toEqual([]);
    expect(await rejection(host.bus.run("undeclared", undefined, { strategy: deepMerge }))).toMatchObject({ code: "NOT_PROVIDED" });
  });

  test("[T21] an action that no one answers in time is CALL_TIMEOUT, and under collect the others stay", async () => {
    const stop = host.bus.on("ask", () => "quick");
    const replies = await host.bus.run("ask", { never: true }, { strategy: collect, timeoutMs: 100 });
    const brief = replies.map((reply) => [reply.pluginId, reply.ok ? reply.value : reply.error.code]).sort();
    expect(brief).toEqual([
      ["host", "quick"],
      ["one", "CALL_TIMEOUT"],
      ["two", "CALL_TIMEOUT"],
    ]);
    stop();
    const late = await rejection(host.bus.run("ask", { never: true }, { timeoutMs: 100 }));
    expect(late).toMatchObject({ code: "CALL_TIMEOUT" });
  });

  test("joins hooks in order: each gets what the last returned, and any of them may veto", async () => {
    const stop = host.bus.on("pass", (value) => ({ ...value, by: ["this program"] }));
    expect(await host.bus.pipe("pass", { text: "t" })).toEqual({ text: "t", by: ["this program", "suite", "suite"] });
    stop();
    expect(await host.bus.pipe("pass", { unchanged: true })).toEqual({ unchanged: true });
    const vetoed = await rejection(host.bus.pipe("pass", { veto: "a post needs a title" }));
    const sentence = 'Cannot pass "suite/pass" on: plugin "one" vetoed it: a post needs a title';
    expect(vetoed).toMatchObject({ code: "VETOED", pluginId: "one", reason: "a post needs a title", message: sentence });
    const byPlugin = await rejection(remote.pipe({ topic: "pass", value: { veto: "no" } }));
    expect(byPlugin.message).toContain('plugin "two" vetoed it: no');
    expect(await remote.pipe({ topic: "pass", value: { n: 1 } })).toEqual({ n: 1, by: ["suite"] });
  });

  test("[T33, F75] a listener that fails is one core.error with source and event id, and the others hear the event", async () => {
    const { core } = await import("../../../src/host/index.js");
    const failures: { pluginId: string; source: string; eventId: string; topic: string; message: string }[] = [];
    const stop = host.dispense(core).on("core.error", (failure) => void failures.push(failure));
    const here: unknown[] = [];
    const stopTold = host.bus.on("told", (payload) => void here.push(payload));
    await host.bus.emit("told", { fail: "this listener is broken" });
    await expect.poll(() => failures.length).toBe(2);
    expect(failures.map(({ pluginId }) => pluginId).sort()).toEqual(["one", "two"]);
    expect(failures[0]).toMatchObject({
      source: "host",
      topic: "suite/told",
      message: "this listener is broken",
      eventId: expect.stringMatching(/./),
    });
    expect(here).toEqual([{ fail: "this listener is broken" }]);
    stop();
    stopTold();
  });

  test("[S16] is called by name, answers in any order", async () => {
    const session = host.getSession("one");
    const order: string[] = [];
    await Promise.all([
      session.send("suite.later", { value: "slow", ms: 60 }).then((value) => order.push(value as string)),
      session.send("suite.later", { value: "fast", ms: 1 }).then((value) => order.push(value as string)),
    ]);
    expect(order).toEqual(["fast", "slow"]);
    expect(await rejection(session.send("rpc"))).toMatchObject({ code: "NOT_PROVIDED" });
  });
});
