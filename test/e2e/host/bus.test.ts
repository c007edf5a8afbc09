import { expect, test } from "vitest";
import { core, Host } from "../../../src/host/index.js";
import { action, defineTopics, event, implement } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { helper, hostWith, INLINE, MODES, SUPERVISED, suite } from "../../kit/host-modes.js";
import { RawPlugin } from "../../kit/raw/raw-plugin.js";

gate();
const FAST = { restart: { initialMs: 10, jitter: 0 } };

/** A figure of `metrics()`. */
async function figure(host: { metrics(): Promise<string> }, line: string): Promise<number> {
  const found = (await host.metrics()).split("\n").find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length));
}

test("[T26, T27] core.register for each plugin, then core.ready and core.close, awaited within a bound; who fails or hangs holds nothing up", async () => {
  const order: string[] = [];
  const log = (what: string, ms = 0) => new Promise<void>((resolve) => setTimeout(() => resolve(void order.push(what)), ms));
  const answering = implement(core, {
    "core.ready": () => log("plugin is told it is ready", 30),
    "core.close": () => log("plugin is told of the end", 30),
  });
  const hangs = implement(core, { "core.close": () => new Promise<void>(() => {}) });
  const { host, logger } = hostWith(
    [
      { id: "answers", mode: "inline", provides: [answering] },
      { id: "hangs", mode: "inline", provides: [hangs] },
      await SUPERVISED.spec("suite"),
    ],
    { closeTimeoutMs: 200 },
  );
  const bus = host.dispense(core);
  bus.on("core.register", ({ pluginId, provides }) => void order.push(`${pluginId} provides ${provides.join(", ")}`));
  bus.on("core.ready", () => log("this program is told"));
  await host.ready();
  expect(order.slice(0, 3).sort()).toEqual(["answers provides ", "hangs provides ", "suite provides suite"]);
  expect(order.slice(3).sort()).toEqual(["plugin is told it is ready", "this program is told"]);
  await host.close();
  expect(order.at(-1)).toBe("plugin is told of the end");
  expect(logger.records.filter(({ message }) => message.includes("failed on")).map(({ message }) => message)).toEqual([
    'Plugin "hangs" failed on core/core.close',
  ]);
});

test.each(MODES)("[T34] events emitted before close() arrive: a plugin that is $name", async (mode) => {
  const heard: unknown[] = [];
  const told = defineTopics("told", { last: event<number>() });
  const { host } = hostWith([
    await mode.spec("one"),
    { id: "two", mode: "inline", provides: [implement(told, { last: (n) => void heard.push(n) })] },
  ]);
  const endPlugins = await mode.ready(host);
  const remote = await host.getSession("one").dispense(suite);
  let counted = 0;
  host.bus.on("other", () => void counted++);
  const bus = host.dispense(told);
  for (let n = 0; n < 100; n++) await bus.emit("last", n);
  // What the plugin emits on its way is emitted before its call is answered.
  const emits = Array.from({ length: 100 }, () => remote.emit({ topic: "other" }));
  await Promise.all(emits);
  await host.close();
  await endPlugins();
  expect([heard.length, heard.at(-1), counted]).toEqual([100, 99, 100]);
});

test("[T24, T25] who did not declare a topic never gets it, whoever emits or asks, here or in a plugin; the others cannot tell them apart", async () => {
  const { host } = hostWith([await SUPERVISED.spec("process"), await INLINE.spec("inline")]);
  const other = defineTopics("undeclared", { told: event(), ask: action<void, string>() });
  await host.ready();
  const remotes = await Promise.all(host.getSessions().map((session) => session.dispense(suite)));
  const bus = host.dispense(other);
  await bus.emit("told");
  expect(await rejection(bus.run("ask"))).toMatchObject({ code: "NOT_PROVIDED" });
  for (const remote of remotes) {
    await remote.emit({ topic: "other", payload: "nobody declared it" });
    await remote.emit({ topic: "told", payload: "all but its own sender" });
    expect((await rejection(remote.run({ topic: "undeclared" }))).message).toContain('Cannot run "suite/undeclared": no plugin answers it');
  }
  await expect.poll(async () => (await Promise.all(remotes.map((remote) => remote.heard()))).map((heard) => heard.length)).toEqual([1, 1]);
  const [byProcess, byInline] = await Promise.all(remotes.map((remote) => remote.heard()));
  expect(byProcess).toEqual([{ payload: "all but its own sender", id: expect.any(String), source: "inline", isDate: true }]);
  expect(byInline).toEqual([{ payload: "all but its own sender", id: expect.any(String), source: "process", isDate: true }]);
  await host.close();
});

test("[F76] a plugin that was restarted hears as its new process declares, each event once; what came in between is counted as dropped", async () => {
  const { host } = hostWith([await SUPERVISED.spec("one", { restart: { initialMs: 50, jitter: 0 } }), await SUPERVISED.spec("two")]);
  await host.ready();
  const session = host.getSession("one");
  const remote = await session.dispense(suite);
  await host.bus.emit("told", "to the first process");
  await expect.poll(async () => (await remote.heard()).length).toBe(1);
  await rejection(remote.exit(1));
  await host.bus.emit("told", "to none");
  expect(await remote.heard(undefined, { waitReadyMs: 60_000 })).toEqual([]);
  await host.bus.emit("told", "to the second process");
  await expect.poll(async () => (await remote.heard()).map(({ payload }) => payload)).toEqual(["to the second process"]);
  expect(await figure(host, 'mortise_events_delivered_total{plugin="one"}')).toBe(2);
  expect(await figure(host, 'mortise_events_dropped_total{plugin="one"}')).toBe(1);
  expect(await figure(host, 'mortise_events_delivered_total{plugin="two"}')).toBe(3);
  await host.close();
});

test("[F74] a subscriber that is stopped holds nobody up; of what is for it the oldest goes, and delivered and dropped are what was emitted", async () => {
  const EVENTS = 8_000;
  const { host } = hostWith([await SUPERVISED.spec("stopped", { heartbeat: false }), await SUPERVISED.spec("other")]);
  const dropped: number[] = [];
  host.dispense(core).on("core.dropped", ({ pluginId, count }) => {
    expect(pluginId).toBe("stopped");
    dropped.push(count);
  });
  await host.ready();
  const [stopped, other] = await Promise.all(host.getSessions().map((session) => session.dispense(suite)));
  const pid = host.getSession("stopped").supervised?.pid as number;
  process.kill(pid, "SIGSTOP");
  try {
    const text = "x".repeat(2_000);
    for (let n = 0; n < EVENTS; n++) await host.bus.emit("told", { n, text });
    await expect.poll(async () => (await other?.heard())?.length).toBe(EVENTS);
    expect(await figure(host, 'mortise_events_waiting{plugin="stopped"}')).toBeLessThanOrEqual(1_024);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await expect.poll(async () => await figure(host, 'mortise_events_waiting{plugin="stopped"}')).toBe(0);
  const counts = await Promise.all(["delivered", "dropped"].map((what) => figure(host, `mortise_events_${what}_total{plugin="stopped"}`)));
  const [delivered = 0, lost = 0] = counts;
  expect([delivered + lost, lost > EVENTS / 4]).toEqual([EVENTS, true]);
  const heard = (await stopped?.heard())?.map(({ payload }) => (payload as { n: number }).n) ?? [];
  expect([heard.length, heard.at(-1)]).toEqual([delivered, EVENTS - 1]);
  expect(heard).toEqual([...heard].sort((a, b) => a - b));
  await expect.poll(() => dropped.reduce((sum, count) => sum + count, 0)).toBe(lost);
  await host.close();
});

test.each(MODES)(
  "[F78] a plugin that is $name dies while another works for it: that one's handler is aborted, and nobody gets the result",
  async (mode) => {
    const { host } = hostWith([await SUPERVISED.spec("caller", FAST), await mode.spec("callee")]);
    const endPlugins = await mode.ready(host);
    const [caller, callee] = await Promise.all(host.getSessions().map((session) => session.dispense(suite)));
    const lost = rejection(caller?.run({ topic: "ask", input: { never: true } }) as Promise<unknown>);
    await expect.poll(() => host.metrics()).toMatch(/mortise_calls_pending\{plugin="callee"\} 1/);
    process.kill(host.getSession("caller").supervised?.pid as number, "SIGKILL");
    expect(await lost).toMatchObject({ code: "CONNECTION_LOST" });
    await expect.poll(() => callee?.aborted()).toEqual([["ask", "aborted"]]);
    expect(await figure(host, 'mortise_calls_pending{plugin="callee"}')).toBe(0);
    await host.close();
    await endPlugins();
  },
);

test.each(MODES)(
  "[S27, T13, T24] grants of a plugin that is $name: what it may not hear never reaches it, what it may not do says what it lacks, and changes count at once",
  async (mode) => {
    const grants = { contracts: ["hel*"], events: ["other"], actions: [], hooks: ["suite/pa*"] };
    const { host } = hostWith([await mode.spec("one", { grants }), await mode.spec("two")]);
    const endPlugins = await mode.ready(host);
    const session = host.getSession("one");
    const remote = await session.dispense(suite);
    await host.bus.emit("told", "not granted");
    expect(await host.bus.pipe("pass", {})).toEqual({ by: ["suite", "suite"] });
    expect(await host.bus.run("ask", 1)).toMatchObject({ by: "suite" });
    const told = await rejection(remote.emit({ topic: "told" }));
    expect(told.message).toMatch(
      /plugin "one" lacks the grant for the event "suite\/told"\n +Give it with session\.grant\(\{ events: \["suite\/told"\] \}\), or in its spec\./,
    );
    for (const [call, kind] of [
      [remote.run({ topic: "ask" }), "action"],
      [remote.emit({ topic: "told" }), "event"],
    ] as const) {
      expect((await rejection(call)).message).toContain(`plugin "one" lacks the grant for the ${kind} "suite/`);
    }
    expect(await remote.askHost("by a name with a star")).toMatchObject({ helped: "by a name with a star" });
    await session.grant({ events: ["*"], actions: ["suite/*"] });
    expect(session.grants).toMatchObject({ contracts: [], events: ["*"], actions: ["suite/*"], hooks: [] });
    await host.bus.emit("told", "granted now");
    await expect.poll(async () => (await remote.heard()).map(({ payload }) => payload)).toEqual(["granted now"]);
    await remote.emit({ topic: "told" });
    const refused = await rejection(remote.askHost("not any more"));
    expect(refused).toMatchObject({ message: expect.stringContaining(`plugin "one" lacks the grant for the contract "${helper.name}"`) });
    expect((await rejection(remote.pipe({ topic: "pass", value: {} }))).message).toContain('lacks the grant for the hook "suite/pass"');
    expect(await host.bus.pipe("pass", {})).toEqual({ by: ["suite"] });
    await host.close();
    await endPlugins();
  },
);

test("[T30] a plugin is told in the handshake which application runs it, and of which version", async () => {
  await using raw = await RawPlugin.listen();
  const { host } = hostWith([{ id: "raw", mode: "supervised", command: "raw-plugin", runtime: raw.runtime, minPort: 0, maxPort: 0 }], {
    app: { name: "blog", version: "2.3.1" },
  });
  const ready = rejection(host.ready());
  const { params } = await (await raw.connection()).message();
  expect(params.info).toEqual({ name: "blog", version: "2.3.1" });
  await host.close();
  await ready;
  const sentence = "Cannot create a host: app.version is undefined, and it must be a version, as 1.2.3";
  expect(() => new Host({ app: { name: "blog" } as never })).toThrow(sentence);
});
