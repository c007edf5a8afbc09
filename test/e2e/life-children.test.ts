import { readdirSync, readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect, test } from "vitest";
import { defineContract, method } from "../../src/index.js";
import { clientFor, rejection } from "../kit/fixtures.js";
import { gate, isAlive } from "../kit/gate.js";

gate();
const family = defineContract("family", { child: method<void, number>(), exit: method<number, void>() });

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

test("[F16] a grandchild in a session of its own outlives an orderly stop, holds it not back, and is reported", async () => {
  const client = clientFor("has-a-child", { args: ["detached"] });
  const child = await (await client.dispense(family)).child();
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [child] });
  expect(isAlive(child)).toBe(true);
  process.kill(child, "SIGKILL");
});

test.for([
  ["with", process.env["PATH"]],
  ["without", "/nonexistent"],
] as const)("[F16, F19, O35] where the plugin has to be killed, such a grandchild is killed too, %s ps on PATH", async ([, path]) => {
  const client = clientFor("has-a-child", { args: ["detached", "stubborn"], killTimeoutMs: 100 });
  const child = await (await client.dispense(family)).child();
  const before = process.env["PATH"];
  process.env["PATH"] = path;
  try {
    expect(await client.kill()).toEqual({ kind: "killed", forced: true, escaped: [] });
  } finally {
    process.env["PATH"] = before;
  }
  expect(isAlive(child)).toBe(false);
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
  const client = clientFor("forks-many", { args: [word], killTimeoutMs: 200 });
  await client.start();
  const pid = client.pid as number;
  expect(membersOf(pid).length).toBe(202);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  expect(await client.kill()).toEqual({ kind: "killed", forced, escaped: [] });
  delay.disable();
  await expect.poll(() => membersOf(pid)).toEqual([]);
  expect(delay.max / 1e6).toBeLessThan(500);
});
