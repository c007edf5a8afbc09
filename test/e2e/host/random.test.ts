import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { gate, isAlive } from "../../kit/gate.js";
import { hostWith, SUPERVISED, suite } from "../../kit/host-modes.js";
import { random } from "../../kit/random.mjs";

gate();
const STEPS = 12;

/** Processes of this program that run the suite's plugin. */
function plugins(): number[] {
  const tasks = readdirSync("/proc/self/task");
  const pids = tasks.flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" ").filter(Boolean));
  return pids.map(Number).filter((pid) => isAlive(pid) && commandOf(pid).includes("suite.mjs"));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

// As supervisor-model.test.ts, with processes instead of a model's: fewer, for each start takes its time.
test.runIf(process.platform === "linux").each([1, 2, 3])(
  "[L9, F30] random starts, stops, kills, replacements and calls of a real plugin (seed %i): it is as it was asked for last, with one process or none",
  async (seed) => {
    const next = random(seed);
    const { host } = hostWith([await SUPERVISED.spec("one", { restart: { initialMs: 5, maxAttempts: 1_000 }, killTimeoutMs: 200 })]);
    await host.ready();
    const session = host.getSession("one");
    const remote = await session.dispense(suite);
    const settled: Promise<unknown>[] = [];
    const actions: (() => Promise<unknown>)[] = [
      () => session.setActiveState("active"),
      () => session.setActiveState("inactive"),
      () => session.replace({ drainMs: 50 }),
      () => remote.exit(0, { waitReadyMs: 20 }),
      () => remote.echo("x", { waitReadyMs: 50 }),
      async () => {
        const pid = session.supervised?.pid;
        if (pid !== undefined) process.kill(pid, "SIGKILL");
      },
    ];
    for (let step = 0; step < STEPS; step++) {
      const action = actions[Math.floor(next() * actions.length)] as () => Promise<unknown>;
      settled.push(action().catch(() => {}));
      await sleep(next() * 60);
    }
    const wish = next() < 0.5 ? "active" : "inactive";
    await session.setActiveState(wish);
    await Promise.all(settled);
    if (wish === "active") expect(await remote.echo(seed, { waitReadyMs: 60_000 })).toBe(seed);
    await expect.poll(() => [session.activeState, session.reportedState]).toEqual([wish, wish]);
    await expect.poll(() => plugins().length).toBe(wish === "active" ? 1 : 0);
    await host.close();
    expect(plugins()).toEqual([]);
  },
);
