import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Host, type PluginSpec } from "../../../src/host/index.js";
import { fixture, rejection } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { hostWith, INLINE, SUPERVISED, suite } from "../../kit/host-modes.js";

gate();
const FAST = { restart: { initialMs: 10, jitter: 0 } };

async function withOne(extra: object = FAST) {
  const { host, logger } = hostWith([await SUPERVISED.spec("one", extra)]);
  await host.ready();
  const session = host.getSession("one");
  return { host, logger, session, remote: await session.dispense(suite) };
}

test("[F77, S2, S32] unload() while calls run: those finish or are told the plugin was stopped, new ones are NOT_SENT, and nothing is left", async () => {
  const { host, session, remote } = await withOne();
  const pid = session.supervised?.pid as number;
  const [short, long] = [remote.later({ value: "finished", ms: 50 }), rejection(remote.never("too long"))];
  const settled: string[] = [];
  void short.then(() => settled.push("short"));
  void long.then(() => settled.push("long"));
  const unloaded = host.unload("one").then(() => settled.push("unloaded"));
  const late = await rejection(remote.echo("late", { waitReadyMs: 60_000 }));
  expect(late).toMatchObject({ code: "NOT_SENT", message: 'Cannot call "suite.echo": plugin "one" is stopping' });
  await host.bus.emit("told", "to no one");
  await unloaded;
  expect(await short).toBe("finished");
  expect(await long).toMatchObject({ code: "CONNECTION_CLOSED" });
  // No result is delivered after unload() has resolved.
  expect(settled).toEqual(["short", "long", "unloaded"]);
  expect(isAlive(pid)).toBe(false);
  expect(await host.metrics()).not.toContain('plugin="one"');
  await host.close();
});

test("[S1, S2] a plugin that is loaded again while it is being unloaded begins once the old one is gone; the old session starts nothing", async () => {
  const { host, session, remote } = await withOne();
  const pid = await remote.pid();
  const unloaded = host.unload("one");
  const again = await host.load(await SUPERVISED.spec("one", FAST));
  await unloaded;
  expect(again).not.toBe(session);
  expect([again.reportedState, isAlive(pid), host.getSessions()]).toEqual(["active", false, [again]]);
  const sentence = 'Cannot start plugin "one": it is not loaded any more\n  Load it anew with host.load().';
  expect(await rejection(session.setActiveState("active"))).toMatchObject({ code: "UNKNOWN_PLUGIN", message: sentence });
  await session.setActiveState("inactive");
  expect(again.reportedState).toBe("active");
  await host.close();
  const closed = await rejection(again.setActiveState("active"));
  expect(closed).toMatchObject({ code: "CONNECTION_CLOSED", message: 'Cannot start plugin "one": its host is closed' });
});

test("[T27, S2] a stop ends what was replaced and still has calls to finish, and gives up a replacement that has not come to anything", async () => {
  const { host, session, remote } = await withOne({ ...FAST, killTimeoutMs: 50 });
  const old = await remote.pid();
  const held = rejection(remote.never("held"));
  await session.replace({ drainMs: 60_000 });
  const next = await remote.pid();
  expect(isAlive(old)).toBe(true);
  const replaced = rejection(session.replace());
  await new Promise(setImmediate);
  await host.unload("one");
  expect([isAlive(old), isAlive(next)]).toEqual([false, false]);
  expect(await held).toMatchObject({ code: "CONNECTION_CLOSED" });
  expect((await replaced).message).toBe('Gave up the replacement of plugin "one": it was asked to stop meanwhile');
  await host.close();
});

test("[T27] close() waits for no start that waits for another plugin", async () => {
  const never = (): Promise<void> => new Promise(() => {});
  const { host } = hostWith([
    { ...(await INLINE.spec("slow", { configure: never })), required: false } as PluginSpec,
    { ...(await INLINE.spec("waits", { needs: ["slow"] })), required: false } as PluginSpec,
  ]);
  await host.ready();
  expect(host.getSessions().map(({ reportedState }) => reportedState)).toEqual(["starting", "starting"]);
  // The one that waits is stopped alone: the other goes on.
  await host.getSession("waits").setActiveState("inactive");
  expect(host.getSessions().map(({ reportedState }) => reportedState)).toEqual(["starting", "inactive"]);
  await host.close();
});

test("activation on demand: what comes while it is being stopped for want of use starts it anew, and is not lost", async () => {
  const { host } = hostWith([await SUPERVISED.spec("lazy", { activation: "demand", idleStopMs: 30 })]);
  await host.ready();
  const session = host.getSession("lazy");
  const remote = await session.dispense(suite);
  const states: string[] = [];
  for (let turn = 0; turn < 2; turn++) {
    await remote.echo(turn);
    for await (const { to } of host.changes()) if (to === "stopping") break;
    states.push(session.reportedState);
    if (turn === 0) expect(await remote.echo("while it stops")).toBe("while it stops");
    else {
      await host.bus.emit("told", "while it stops");
      await expect.poll(async () => (await remote.heard()).map(({ payload }) => payload)).toEqual(["while it stops"]);
    }
  }
  expect(states).toEqual(["stopping", "stopping"]);
  await host.close();
});

test("[P4] activation on demand: one that does not start is errored, its calls say why, and none of them starts it until it is asked for", async () => {
  const { host } = hostWith([await SUPERVISED.spec("lazy", { activation: "demand", options: { decline: "no licence" } })]);
  await host.ready();
  const session = host.getSession("lazy");
  const changes: string[] = [];
  const reading = (async () => {
    for await (const { to } of host.changes()) changes.push(to);
  })();
  for (const waitReadyMs of [undefined, 60_000, 60_000]) {
    const error = await rejection(session.send("suite.echo", 1, waitReadyMs === undefined ? {} : { waitReadyMs }));
    expect(error).toMatchObject({ code: "NOT_SENT", message: expect.stringContaining("no licence") });
  }
  expect(session.errorMessage).toContain("it declined to start: no licence");
  await session.setActiveState("active");
  expect(session.reportedState).toBe("inactive");
  await rejection(session.send("suite.echo", 1));
  await host.close();
  await reading;
  expect(changes.filter((to) => to === "starting")).toHaveLength(2);
});

test("[F145, S12] a plugin that runs out of memory is told as such and restarted, and the others live", async () => {
  const command = [process.execPath, "--max-old-space-size=32", fixture("suite")];
  const { host } = hostWith([await SUPERVISED.spec("hog", { ...FAST, command }), await SUPERVISED.spec("fine")]);
  await host.ready();
  const hog = host.getSession("hog");
  const remote = await hog.dispense(suite);
  const lost = await rejection(remote.eat());
  expect(lost).toMatchObject({
    code: "CONNECTION_LOST",
    message: expect.stringMatching(/plugin "hog" was ended by SIG\w+: it ran out of memory; the call may have run$/),
  });
  expect(await (await host.getSession("fine").dispense(suite)).echo("alive")).toBe("alive");
  expect(await remote.echo("again", { waitReadyMs: 60_000 })).toBe("again");
  expect(hog.lastExit?.reason).toMatchObject({ kind: "exited", stderrTail: expect.stringContaining("JavaScript heap out of memory") });
  await host.close();
});

test("[S38, S11] a plugin that is wanted is active again whenever a host begins, and one that is not stays inactive", async () => {
  for (let boot = 0; boot < 2; boot++) {
    const host = new Host({
      plugins: [await SUPERVISED.spec("wanted", { required: true }), await SUPERVISED.spec("not", { active: false })],
    });
    await host.ready();
    expect(host.getSessions().map(({ id, reportedState }) => [id, reportedState])).toEqual([
      ["wanted", "active"],
      ["not", "inactive"],
    ]);
    await host.close();
  }
});

test("[S47] a program whose only plugin waits to be restarted lives on", async () => {
  const file = fileURLToPath(new URL("../../fixtures/hosts/waits-for-a-restart.mjs", import.meta.url));
  const host = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  host.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text;
  });
  const [code] = (await once(host, "close")) as [number];
  expect([code, told]).toEqual([0, "restarting\nactive\n"]);
});

test("replace() leaves the old process where the new one declines to start, or is not well, and nothing of the new one is left", async () => {
  const { host, session, remote } = await withOne();
  const pid = await remote.pid();
  const declines = await rejection(session.replace({ command: [fixture("suite-unwell"), "declines"] }));
  expect(declines).toMatchObject({ code: "START_FAILED", reason: "declined" });
  const unwell = await rejection(session.replace({ command: fixture("suite-unwell") }));
  expect(unwell).toMatchObject({ code: "START_FAILED", message: 'Cannot replace plugin "one": the new process is not well: out of paper' });
  expect([await remote.pid(), session.reportedState, session.restarts]).toEqual([pid, "active", 0]);
  await rejection(remote.exit(1));
  expect(await remote.echo("of the same program", { waitReadyMs: 60_000 })).toBe("of the same program");
  await host.close();
});
