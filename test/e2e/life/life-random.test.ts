import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type CloseReason, NewClient, type Runtime } from "../../../src/index.js";
import { spawnPlugin } from "../../../src/process/child-process.js";
import { fixture } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { random } from "../../kit/random.mjs";

gate();
// `npm run drill` names the first and how many.
const [FIRST = 1, COUNT = 60] = process.env["LIFE_SEEDS"]?.split(",").map(Number) ?? [];
const SEEDS = Array.from({ length: COUNT }, (_, index) => FIRST + index);
const STATES = ["idle", "starting", "ready", "closing", "closed"];

/** The usual processes, counted, and now and then slow to come. */
function countingRuntime(next: () => number): { runtime: Runtime; readonly pids: number[] } {
  const pids: number[] = [];
  const runtime: Runtime = {
    async start({ env }) {
      if (next() < 0.3) await sleep(next() * 30);
      const running = await spawnPlugin({
        executable: { file: process.execPath, args: [fixture("echo")] },
        env,
        cwd: undefined,
        stdin: true,
        lifeline: undefined,
      });
      pids.push(running.pid);
      return running;
    },
  };
  return { runtime, pids };
}

const outcomes = new Map<string, number>();

async function play(seed: number): Promise<void> {
  const next = random(seed);
  const { runtime, pids } = countingRuntime(next);
  const client = NewClient({ command: "echo", runtime, minPort: 0, maxPort: 0, killTimeoutMs: 500 });
  const starts: Promise<unknown>[] = [];
  const kills: Promise<CloseReason>[] = [];
  const seen = [client.state];
  const acts = {
    start: () => starts.push(client.start().catch((error: Error) => error.name)),
    ping: () =>
      starts.push(
        client
          .client()
          .then((connection) => connection.ping())
          .catch((error: Error) => error.name),
      ),
    kill: () => kills.push(client.kill()),
    crash: () => {
      const alive = pids.filter(isAlive);
      for (const pid of alive) process.kill(pid, "SIGKILL");
      return alive.length > 0 && next() < 0.5 ? client.closed : undefined;
    },
    close: () =>
      starts.push(
        Promise.race([client.client(), client.closed])
          .then((it) => ("close" in it ? it.close() : it))
          .catch(() => {}),
      ),
    untilReady: () => (client.state === "starting" ? Promise.race([starts[0], client.closed]) : undefined),
    wait: () => sleep(next() * 60),
    tick: () => new Promise(setImmediate),
  };
  const names = ["start", "ping", "untilReady", "untilReady", "wait", "wait", "tick", "kill", "crash", "crash", "close"] as const;
  if (next() < 0.8) acts.start();
  for (let left = 2 + Math.floor(next() * 8); left > 0; left--) {
    await acts[names[Math.floor(next() * names.length)] as keyof typeof acts]();
    if (seen.at(-1) !== client.state) seen.push(client.state);
  }
  const last = client.kill();
  const [reason, ...results] = await Promise.all([client.closed, last, ...kills]);
  for (const result of results) expect(result).toBe(reason);
  await Promise.all(starts);
  expect(pids.length, "processes").toBeLessThanOrEqual(1);
  expect(pids.filter(isAlive), "living processes").toEqual([]);
  expect(client.state).toBe("closed");
  expect(seen, "states move forwards").toEqual([...seen].sort((a, b) => STATES.indexOf(a) - STATES.indexOf(b)));
  expect(await client.start().catch((error: Error) => error.name)).toBe("StartError");
  const outcome = `${reason.kind} after ${seen.includes("ready") ? "ready" : pids.length === 1 ? "spawned" : "nothing"}`;
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

for (let first = 0; first < SEEDS.length; first += 10) {
  const seeds = SEEDS.slice(first, first + 10);
  test(`[F30, F65] any order of start, kill, crash and close ends with no process, never had two, and settles all: seeds ${seeds[0]} to ${seeds.at(-1)}`, async () => {
    const failures: string[] = [];
    for (const seed of seeds) await play(seed).catch((error: Error) => failures.push(`seed ${seed}: ${error.stack}`));
    expect(failures).toEqual([]);
  });
}

test.skipIf(COUNT < 60)("[F30] the sequences above met every way to end", () => {
  expect([...outcomes.keys()]).toEqual(
    expect.arrayContaining([
      "killed after spawned",
      "killed after ready",
      "failed after spawned",
      "exited after ready",
      "closed after ready",
    ]),
  );
});
