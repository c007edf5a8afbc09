// Hosts that end at random moments, in every way: nothing of theirs may be left a second later.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { atMost, fixture, living, quantile, random, until } from "./lib.mjs";

const WAYS = ["SIGKILL", "SIGKILL", "SIGTERM", "SIGINT", "exits", "throws"];
const LONGEST_MS = 350;
const PROMISED_MS = 1_000;

const hasPython = spawnSync("python3", ["--version"], { stdio: "ignore" }).status === 0;
const [echo, deaf] = [fixture("plugins/echo.mjs"), fixture("plugins/never-ends.mjs")];
const PLUGINS = [echo, `unix:${echo}`, `stdin:${deaf}`, fixture("plugins/has-children.sh"), fixture("plugins/spins.py")].slice(
  0,
  hasPython ? 5 : 4,
);

export async function orphans({ count, seed }) {
  const next = random(seed);
  const results = [];
  for (let drill = 0; drill < count; drill++) {
    const way = WAYS[Math.floor(next() * WAYS.length)];
    const result = await play(way, next() * LONGEST_MS, `${process.pid}.${drill}`);
    if (result.ms > PROMISED_MS || result.files > 0) console.log(`  seed ${seed}, drill ${drill}: ${JSON.stringify({ way, ...result })}`);
    results.push(result);
  }
  const ms = results.map((result) => result.ms);
  return [
    atMost(
      `hosts that ended ${count} times: processes or sockets alive 1 s later`,
      results.filter((result) => result.ms > PROMISED_MS || result.files > 0).length,
      0,
    ),
    atMost("until the last process and file of a host is gone, median", quantile(ms, 0.5), PROMISED_MS, "ms"),
    atMost("until the last process and file of a host is gone, worst", Math.max(...ms), PROMISED_MS, "ms"),
  ];
}

async function play(way, moment, mark) {
  const dir = mkdtempSync(join(tmpdir(), "drill-"));
  const bySignal = way.startsWith("SIG");
  const host = spawn(process.execPath, [fixture("hosts/has-plugins.mjs"), bySignal ? "stays" : way, String(moment), ...PLUGINS], {
    env: { ...process.env, DRILL_MARK: mark, TMPDIR: dir },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(host, "exit");
  const mute = ended.then(([code]) => Promise.reject(new Error(`A host of the drill ended with code ${code} before it had begun`)));
  await Promise.race([once(createInterface(host.stdout), "line"), mute]);
  mute.catch(() => {}); // It has begun.
  if (bySignal) {
    await sleep(moment);
    host.kill(way);
  }
  await ended;
  const files = () => readdirSync(dir).length;
  const ms = await until(() => living(`DRILL_MARK=${mark}\0`).length === 0 && files() === 0, 5_000);
  const left = { ms, moment, processes: living(`DRILL_MARK=${mark}\0`), files: files() };
  for (const pid of left.processes) process.kill(pid, "SIGKILL");
  rmSync(dir, { recursive: true });
  return left;
}
