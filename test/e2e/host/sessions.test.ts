import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Host, type PluginSpec, parseRuntimeProvider, type SessionChange } from "../../../src/host/index.js";
import { cleanupClients } from "../../../src/index.js";
import { fixture, rejection } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { hostWith, INLINE, SUPERVISED, suite } from "../../kit/host-modes.js";

gate();
const FAST = { restart: { initialMs: 10, jitter: 0 } };

/** A host with one supervised plugin that is ready, restarted at once where it ends. */
async function withOne(extra: object = FAST) {
  const { host, logger } = hostWith([await SUPERVISED.spec("one", extra)]);
  await host.ready();
  const session = host.getSession("one");
  return { host, logger, session, remote: await session.dispense(suite) };
}

test("[S1, S5] load() gives the session; an equal spec gives it again, another one for that id is a CONFLICT that names the holder", async () => {
  await using host = new Host();
  const spec = await SUPERVISED.spec("one");
  const session = await host.load(spec);
  expect(await host.load({ ...spec })).toBe(session);
  expect([host.getSession("one"), host.getSessions()]).toEqual([session, [session]]);
  const conflict = await rejection(host.load({ ...spec, order: 2 } as PluginSpec));
  expect(conflict).toMatchObject({
    code: "CONFLICT",
    holder: "one",
    message: expect.stringMatching(/^Cannot load plugin "one": another plugin of that id/),
  });
  expect(() => host.getSession("two")).toThrow('Cannot get the session of plugin "two": no such plugin is loaded; there are "one"');
});

test("[S2, S9, S10, S13] unload() ends the process; the session tells mode, start and state", async () => {
  await using host = new Host();
  const inactive = await host.load(await SUPERVISED.spec("later", { active: false }));
  expect([inactive.activeState, inactive.reportedState, inactive.startedAt, inactive.supervised?.pid]).toEqual([
    "inactive",
    "inactive",
    undefined,
    undefined,
  ]);
  await inactive.setActiveState("active");
  const pid = inactive.supervised?.pid as number;
  expect([inactive.reportedState, inactive.startedAt instanceof Date, isAlive(pid)]).toEqual(["active", true, true]);
  await inactive.supervised?.stop();
  expect([inactive.reportedState, isAlive(pid)]).toEqual(["inactive", false]);
  await inactive.supervised?.start();
  const again = inactive.supervised?.pid as number;
  await host.unload("later");
  expect([isAlive(again), host.getSessions()]).toEqual([false, []]);
  await host.unload("nobody");
  const inline = await host.load(await INLINE.spec("inline"));
  expect([inline.mode, inline.supervised]).toEqual(["inline", undefined]);
});

test("[S12, S17, F1] a crash is restarted; what a person needs to know of it stays", async () => {
  const { host, logger, session, remote } = await withOne();
  const pid = session.supervised?.pid;
  const lost = await rejection(remote.exit(3));
  expect(lost).toMatchObject({
    code: "CONNECTION_LOST",
    message: 'Lost the answer to "suite.exit": plugin "one" exited with code 3; the call may have run',
  });
  expect(await remote.echo("back", { waitReadyMs: 20_000 })).toBe("back");
  expect(session.supervised?.pid).not.toBe(pid);
  expect(session.lastExit).toMatchObject({ reason: { kind: "exited", exitCode: 3 }, callsLost: 1, at: expect.any(Date) });
  expect([session.restarts, session.errorMessage, session.errorDetails]).toEqual([1, undefined, {}]);
  expect(logger.text).toMatch(/Plugin "one" is restarted in \d+ ms: Lost plugin "one" exited with code 3/);
  await host.close();
});

test("[S12, S37, F4] where it crashes again and again it is errored, and says why; a user may start it anew", async () => {
  const { host, session, remote } = await withOne({ restart: { initialMs: 1, jitter: 0, maxAttempts: 2 } });
  for (let crash = 0; crash < 3; crash++) await rejection(remote.exit(7, { waitReadyMs: 20_000 }));
  await expect.poll(() => session.reportedState, { timeout: 20_000 }).toBe("errored");
  expect(session.errorMessage).toBe('Lost plugin "one" exited with code 7');
  expect(session.errorDetails).toMatchObject({ code: "CONNECTION_LOST", exitCode: 7, signal: null });
  const refused = await rejection(remote.echo("x", { waitReadyMs: 10_000 }));
  expect(refused).toMatchObject({ code: "NOT_SENT", message: expect.stringContaining('plugin "one"') });
  await session.setActiveState("active");
  expect(await remote.echo("again")).toBe("again");
  await host.close();
});

test.each([
  ["missing", { command: "./there-is-no-such-file.js" }],
  ["declined", { options: { decline: "there is no device" } }],
])("[W6, P4] a start that cannot get better (%s) is errored at once, with its reason, and the others run", async (reason, extra) => {
  const { host } = hostWith([
    { ...(await SUPERVISED.spec("broken", extra)), required: false } as PluginSpec,
    await SUPERVISED.spec("fine"),
  ]);
  await host.ready();
  const broken = host.getSession("broken");
  await expect.poll(() => broken.reportedState, { timeout: 20_000 }).toBe("errored");
  expect(broken.errorDetails).toMatchObject({ reason });
  expect(broken.restarts).toBe(0);
  expect(await (await host.getSession("fine").dispense(suite)).echo(1)).toBe(1);
  expect(await rejection(broken.dispense(suite))).toMatchObject({ code: "NOT_READY" });
  await host.close();
});

test("[W6] a plugin that declines and says when is asked again then", async () => {
  const changes: SessionChange[] = [];
  let asked = 0;
  const configure = (): void => {
    if (asked++ < 2) throw Object.assign(new Error("the device is busy"), { retryAfterMs: 5 });
  };
  const { host } = hostWith([await INLINE.spec("device", { configure })]);
  const reading = (async () => {
    for await (const change of host.changes()) changes.push(change);
  })();
  await host.ready();
  expect(changes.filter(({ to }) => to === "restarting")).toMatchObject([{ error: { retryAfterMs: 5 } }, { error: { retryAfterMs: 5 } }]);
  await host.close();
  await reading;
});

test("[T7, T8, T10] ready() waits for the required ones alone; where one is not active it names it and why, and nothing runs", async () => {
  const { host } = hostWith([
    await SUPERVISED.spec("good"),
    await SUPERVISED.spec("bad", { command: "./nowhere.js" }),
    { ...(await INLINE.spec("slow", { configure: () => new Promise(() => {}) })), required: false } as PluginSpec,
  ]);
  const error = await rejection(host.ready());
  expect(error).toMatchObject({ code: "NOT_READY", plugins: [{ id: "bad", reason: expect.stringContaining("there is no file") }] });
  expect(error.message).toMatch(
    /^Cannot become ready: required plugins are not active\n {2}bad: Cannot start plugin "bad": there is no file/,
  );
  expect(host.getSession("good").reportedState).toBe("inactive");
  await host.close();
});

test("[F30, F31] stop during start, start during stop: it ends as it was asked last, and no process is left", async () => {
  const { host, session } = await withOne();
  const stopped = session.setActiveState("inactive");
  const started = session.setActiveState("active");
  await Promise.all([stopped, started]);
  expect(session.reportedState).toBe("active");
  const begun = rejection(session.setActiveState("inactive").then(() => session.setActiveState("active")));
  await expect.poll(() => session.reportedState).toBe("starting");
  await session.setActiveState("inactive");
  expect(await begun).toMatchObject({ code: "CANCELLED", message: expect.stringContaining("asked to stop meanwhile") });
  expect([session.reportedState, session.supervised?.pid]).toEqual(["inactive", undefined]);
  await host.close();
});

test("replace() hands over without losing a call; one that does not start, or declines, leaves the old one", async () => {
  const { host, session, remote } = await withOne();
  const pid = await remote.pid();
  const running = remote.later({ value: "finished there", ms: 300 });
  await session.replace();
  expect(await running).toBe("finished there");
  const next = await remote.pid();
  expect(next).not.toBe(pid);
  const error = await rejection(session.replace({ command: "./nowhere.js" }));
  expect(error).toMatchObject({ code: "START_FAILED", reason: "missing" });
  expect([await remote.pid(), session.reportedState]).toEqual([next, "active"]);
  await expect.poll(() => isAlive(pid)).toBe(false);
  await host.close();
});

test("replace() under callers loses none of their calls", async () => {
  const { host, session, remote } = await withOne();
  let over = false;
  const answered: number[] = [];
  const callers = Array.from({ length: 16 }, async (_, caller) => {
    for (let n = 0; !over; n++) {
      expect(await remote.echo([caller, n])).toEqual([caller, n]);
      answered.push(n);
    }
  });
  for (let turn = 0; turn < 3; turn++) await session.replace();
  over = true;
  await Promise.all(callers);
  expect(answered.length).toBeGreaterThan(100);
  await host.close();
});

test("standby: the handle answers again without a spawn in between", async () => {
  const { host, session, remote } = await withOne({ standby: true, ...FAST });
  const pid = await remote.pid();
  // The spare is started once the plugin is active.
  await expect.poll(() => childrenRunning("suite.mjs"), { timeout: 20_000 }).toBe(2);
  process.kill(pid, "SIGKILL");
  // A call that left before its end was known went with it.
  await expect.poll(() => remote.pid().catch(() => pid), { timeout: 20_000 }).not.toBe(pid);
  expect([session.restarts, session.reportedState]).toEqual([1, "active"]);
  await host.close();
});

test("instances: calls go to the one with the fewest in flight, and one that dies takes its own along", async () => {
  const { host, remote } = await withOne({ instances: 3, ...FAST });
  const slow = Array.from({ length: 3 }, () => remote.later({ value: 1, ms: 200 }));
  const pids = new Set(await Promise.all(Array.from({ length: 6 }, () => remote.pid())));
  expect(pids.size).toBe(3);
  await Promise.all(slow);
  const [victim] = pids;
  const hanging = Array.from({ length: 6 }, () => remote.later({ value: "answered", ms: 150 }).catch((error) => error.code));
  process.kill(victim as number, "SIGKILL");
  const outcomes = await Promise.all(hanging);
  expect(outcomes.filter((outcome) => outcome === "answered")).toHaveLength(4);
  expect(outcomes.filter((outcome) => outcome === "CONNECTION_LOST")).toHaveLength(2);
  await host.close();
});

test("activation on demand: the first call starts one process for all, and it is stopped when nothing is asked of it", async () => {
  const { host } = hostWith([await SUPERVISED.spec("lazy", { activation: "demand", idleStopMs: 150 })]);
  await host.ready();
  const session = host.getSession("lazy");
  expect([session.reportedState, session.activeState]).toEqual(["inactive", "active"]);
  const remote = await session.dispense(suite);
  const pids = new Set(await Promise.all([remote.pid(), remote.pid(), remote.pid()]));
  expect(pids.size).toBe(1);
  await expect.poll(() => session.reportedState, { timeout: 10_000 }).toBe("inactive");
  expect(await remote.echo("woken by a call")).toBe("woken by a call");
  await expect.poll(() => session.reportedState, { timeout: 10_000 }).toBe("inactive");
  await host.bus.emit("told", "woken by an event");
  await expect.poll(async () => (await remote.heard()).map(({ payload }) => payload), { timeout: 10_000 }).toEqual(["woken by an event"]);
  await host.close();
});

test("needs: what is needed starts first and stops last; what fails keeps back only those that need it", async () => {
  const order: string[] = [];
  const { host } = hostWith([
    await INLINE.spec("ui", { needs: ["db"] }),
    await INLINE.spec("db", { configure: () => new Promise<void>((resolve) => setTimeout(resolve, 20)) }),
    { ...(await INLINE.spec("held", { needs: ["broken"] })), required: false } as PluginSpec,
    { ...(await INLINE.spec("broken", { options: { decline: "no disk" } })), required: false } as PluginSpec,
  ]);
  const reading = (async () => {
    for await (const { pluginId, to } of host.changes()) order.push(`${pluginId} ${to}`);
  })();
  await host.ready();
  await expect.poll(() => host.getSession("held").reportedState).toBe("errored");
  expect(host.getSession("held").errorMessage).toMatch(
    /^Cannot start plugin "held": it needs plugin "broken", which is errored: .*no disk/,
  );
  expect(host.getSession("held").errorDetails).toMatchObject({ code: "NOT_READY" });
  await host.close();
  await reading;
  expect(order.indexOf("db active")).toBeLessThan(order.indexOf("ui active"));
  expect(order.indexOf("ui inactive")).toBeLessThan(order.indexOf("db inactive"));
});

test("needs: a circle is refused with its path", async () => {
  const specs = [
    await INLINE.spec("a", { needs: ["b"] }),
    await INLINE.spec("b", { needs: ["c"] }),
    await INLINE.spec("c", { needs: ["a"] }),
  ];
  expect(() => new Host({ plugins: specs })).toThrow(
    'Cannot load plugins that need each other in a circle: "a" needs "b" needs "c" needs "a"',
  );
});

test("[S31, F10] health: what the plugin says of itself, a restart when it is not well, and calls that were not answered in time", async () => {
  const { host, session, remote } = await withOne({ health: { everyMs: 20, timeoutMs: 2_000, unhealthyAfter: 2 }, ...FAST });
  await remote.setHealth({ ok: true, message: "warm" });
  await expect.poll(() => session.health?.message).toBe("warm");
  await rejection(remote.never("slow", { timeoutMs: 10 }));
  await expect.poll(() => session.health?.callsTimedOut).toBe(1);
  const pid = await remote.pid();
  await remote.setHealth({ ok: false, message: "out of paper" });
  await expect.poll(() => session.restarts, { timeout: 20_000 }).toBe(1);
  expect(await remote.pid(undefined, { waitReadyMs: 20_000 })).not.toBe(pid);
  expect(session.lastExit?.reason).toMatchObject({ kind: "lost", error: { message: expect.stringContaining("out of paper") } });
  await host.close();
});

test("configure(): other settings reach the plugin, and are kept for its next start if it takes them", async () => {
  const { host, session, remote } = await withOne();
  await session.configure({ colour: "red" });
  expect(await remote.config()).toEqual({ colour: "red" });
  expect(await rejection(session.configure({ decline: "no such colour" }))).toMatchObject({
    message: expect.stringContaining("no such colour"),
  });
  await rejection(remote.exit(1));
  expect(await remote.config(undefined, { waitReadyMs: 20_000 })).toEqual({ colour: "red" });
  await host.close();
});

test("[S18] runtime providers: by name in any case, none runs nothing, one without a runtime is refused by name", async () => {
  expect(["LOCAL ", "", "sprites", "none"].map(parseRuntimeProvider)).toEqual(["local", "local", "sprites", "none"]);
  expect(() => parseRuntimeProvider("x")).toThrow('Cannot parse the runtime provider "x": there are none, local, sprites');
  expect(() => new Host({ runtimeProvider: "sprites" })).toThrow(/runtimeProvider is "sprites", and it must be one of none, local/);
  await using host = new Host({ runtimeProvider: "none" });
  expect(await rejection(host.load(await SUPERVISED.spec("one")))).toMatchObject({ code: "NOT_READY" });
});

test("[S48] cleanupClients() closes hosts too, and a later host restarts plugins again", async () => {
  const { host, session } = await withOne();
  await cleanupClients();
  expect(session.reportedState).toBe("inactive");
  await host.close();
  const later = await withOne();
  await rejection(later.remote.exit(1));
  expect(await later.remote.echo("restarted", { waitReadyMs: 20_000 })).toBe("restarted");
  await later.host.close();
});

test("[S49] changes that no one reads are bounded, and the reader is told how many it missed", async () => {
  await using host = new Host();
  const session = await host.load(await INLINE.spec("one"));
  const reader = host.changes()[Symbol.asyncIterator]();
  for (let turn = 0; turn < 400; turn++) {
    await session.setActiveState("inactive");
    await session.setActiveState("active");
  }
  expect((await reader.next()).value).toMatchObject({ leftOut: 400 * 4 - 1_024 });
  await reader.return?.();
});

test("[S46] what was asked for last beats the spec: a wish of inactive survives its own crash and restart", async () => {
  const { host, session, remote } = await withOne({ restart: { initialMs: 200, jitter: 0 } });
  await rejection(remote.exit(1));
  await session.setActiveState("inactive");
  expect([session.activeState, session.reportedState]).toEqual(["inactive", "inactive"]);
  await host.close();
});

test("[S24, S32] close() ends a stubborn plugin after its grace period, and its calls reject", async () => {
  const { host, logger } = hostWith([
    {
      id: "deaf",
      mode: "supervised",
      command: fixture("never-ends"),
      minPort: 0,
      maxPort: 0,
      killTimeoutMs: 100,
      required: true,
    } as PluginSpec,
  ]);
  await host.ready();
  const pid = host.getSession("deaf").supervised?.pid as number;
  await host.close();
  expect(isAlive(pid)).toBe(false);
  expect(logger.records.filter(({ level }) => level === "error")).toEqual([]);
});

/** Children of this program that run a fixture, spares included. */
function childrenRunning(name: string): number {
  const tasks = readdirSync("/proc/self/task");
  const pids = tasks.flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" ").filter(Boolean));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(name) && isAlive(pid);
    } catch {
      return false;
    }
  }).length;
}
