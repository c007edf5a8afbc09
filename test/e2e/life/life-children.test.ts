import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { defineContract, method } from "../../../src/index.js";
import { longestTurn } from "../../kit/cpu-time.js";
import { clientFor, fixture, memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { lacks } from "../../kit/languages.js";

gate();
const family = defineContract("family", { child: method<void, number>(), exit: method<number, void>() });
const hosting = defineContract("host", { below: method<void, number>() });

test("[F15, O35] a grandchild that holds the plugin's streams and ignores SIGTERM holds kill() not back, and is dead after it", async () => {
  const client = clientFor("has-a-child");
  const child = await (await client.dispense(family)).child();
  expect(isAlive(child)).toBe(true);
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  await expect.poll(() => isAlive(child)).toBe(false);
});

test("[F15, O35] a crash is told though a grandchild holds the plugin's streams, and the grandchild dies with it", async () => {
  const client = clientFor("has-a-child");
  const { child, exit } = await client.dispense(family);
  const pid = await child();
  await rejection(exit(4));
  expect(await client.closed).toMatchObject({ kind: "exited", exitCode: 4, signal: null });
  await expect.poll(() => isAlive(pid)).toBe(false);
});

// What the plugin does when it is told to stop, whether that takes a SIGKILL, and how long it is waited for: where it ends, for as
// long as it takes.
const ENDS = [
  ["ends when it is asked to", [], false, 20_000],
  ["ends by SIGTERM", ["slow"], false, 500],
  ["has to be killed", ["stubborn"], true, 100],
] as const;

test.for(ENDS)(
  "[F16, O35] a grandchild in a session of its own is dead when kill() of a plugin that %s resolves",
  async ([, words, forced, killTimeoutMs]) => {
    const client = clientFor("has-a-child", { args: ["detached", ...words], killTimeoutMs });
    const child = await (await client.dispense(family)).child();
    expect(isAlive(child)).toBe(true);
    expect(await client.kill()).toEqual({ kind: "killed", forced, escaped: [] });
    expect(isAlive(child)).toBe(false);
  },
);

test.for([
  ["in a session of its own, whose parent dies with the plugin", "setsid sleep 600 & echo $!; wait"],
  ["with a child that the same holds for", "setsid sh -c 'sh -c \"setsid sleep 600 & echo \\$!; wait\" & wait' & wait"],
  ["in a group of its own, whose parent has ended", "bash -c 'set -m; sleep 600 & echo $!'"],
])("[F16, F18, O35] so is one %s", async ([, line]) => {
  const client = clientFor("has-a-child", { args: [`shell:${line}`] });
  const child = await (await client.dispense(family)).child();
  expect(isAlive(child)).toBe(true);
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect(isAlive(child)).toBe(false);
});

test("[F16, O35] so is one that the plugin starts when it is told to stop, where that does not end it", async () => {
  const logger = memoryLogger();
  const client = clientFor("has-a-child", { args: ["detached", "slow", "late"], killTimeoutMs: 500, logger });
  await client.start();
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  const child = Number(/late: (\d+)/.exec(logger.text)?.[1]);
  expect(child).toBeGreaterThan(0);
  expect(isAlive(child)).toBe(false);
});

test("[F16] nothing leads to one in a session of its own whose parent has ended: it is not found, and lives on", async () => {
  const client = clientFor("has-a-child", { args: ["shell:setsid sleep 600 & echo $!"] });
  const child = await (await client.dispense(family)).child();
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect(isAlive(child)).toBe(true);
  process.kill(child, "SIGKILL");
});

test.for(ENDS)("[F19] no ps on PATH is needed for that where a plugin %s", async ([, words, forced, killTimeoutMs]) => {
  const client = clientFor("has-a-child", { args: ["detached", ...words], killTimeoutMs });
  const child = await (await client.dispense(family)).child();
  const before = process.env["PATH"];
  process.env["PATH"] = "/nonexistent";
  try {
    expect(await client.kill()).toEqual({ kind: "killed", forced, escaped: [] });
  } finally {
    process.env["PATH"] = before;
  }
  expect(isAlive(child)).toBe(false);
});

test.for([
  ["ends when it is asked to", "", false],
  ["has to be killed", "stubborn", true],
] as const)("[O34, O35] a plugin that is a host itself and %s leaves no plugin and no socket behind", async ([, word, forced]) => {
  const dir = mkdtempSync(join(tmpdir(), "below-"));
  const ended = join(dir, "ended");
  const env = { TMPDIR: dir };
  const client = clientFor("is-a-host", {
    args: [`${fixture("tells-when-it-ends")} ${ended}`, word],
    killTimeoutMs: forced ? 200 : 20_000,
    env,
  });
  const below = await (await client.dispense(hosting)).below();
  expect(isAlive(below)).toBe(true);
  expect(await client.kill()).toEqual({ kind: "killed", forced, escaped: [] });
  expect(isAlive(below)).toBe(false);
  // A plugin whose host has ended is given the time to clean up; one that hangs is ended with all that it has.
  expect(readdirSync(dir)).toEqual(forced ? [] : ["ended"]);
  rmSync(dir, { recursive: true });
});

test("[O34, O35] a host that the plugin started as a daemon is dead, and leaves no plugin and no socket behind", async () => {
  const dir = mkdtempSync(join(tmpdir(), "daemon-"));
  const host = fileURLToPath(new URL("../../fixtures/hosts/has-plugins.mjs", import.meta.url));
  const line = `setsid ${process.execPath} ${host} stays 0 unix:${fixture("echo")} >/dev/null & echo $!; wait`;
  const client = clientFor("has-a-child", { args: [`shell:${line}`], env: { TMPDIR: dir } });
  const daemon = await (await client.dispense(family)).child();
  const children = (): number[] => readFileSync(`/proc/${daemon}/task/${daemon}/children`, "latin1").split(" ").filter(Boolean).map(Number);
  await expect.poll(() => [children().length, readdirSync(dir).flatMap((name) => readdirSync(join(dir, name))).length]).toEqual([2, 1]);
  const below = children();
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect([daemon, ...below].filter(isAlive)).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
  rmSync(dir, { recursive: true });
});

/** The living members of a process group. */
function membersOf(group: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && groupOf(pid) === group && isAlive(pid));
}

function groupOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
  } catch {
    return undefined;
  }
}

test.for([
  ["is killed", "stubborn", true],
  ["ends when asked", "obedient", false],
] as const)("[F17, O35] a plugin that %s takes its 200 children along, and the host stays responsive", async ([, word, forced]) => {
  const client = clientFor("forks-many", { args: [word], killTimeoutMs: forced ? 200 : 500 });
  await client.start();
  const pid = client.pid as number;
  expect(membersOf(pid).length).toBe(202);
  const longest = longestTurn();
  expect(await client.kill()).toEqual({ kind: "killed", forced, escaped: [] });
  const blockedMs = longest();
  await expect.poll(() => membersOf(pid)).toEqual([]);
  expect(blockedMs).toBeLessThan(500);
});

test.skipIf(lacks("python3") !== undefined)(
  "[F16, F17] a plugin's 1,000 children that left its group are found and killed in turns with all else that the host does",
  async () => {
    const logger = memoryLogger();
    const client = clientFor("scatters.py", { args: ["1000"], logger });
    const started = rejection(client.start());
    await expect.poll(() => logger.text).toContain("scattered");
    const pid = client.pid as number;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ");
    expect(children.length).toBe(1_000);
    const longest = longestTurn();
    expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
    const blockedMs = longest();
    await started;
    expect(children.filter(isAlive)).toEqual([]);
    expect(blockedMs).toBeLessThan(100);
  },
);
