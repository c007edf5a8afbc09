// What the parts of the drill share: numbers by seed, the state of this process, and figures with their bounds.
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export { random } from "../../test/kit/random.mjs";
export { quantile } from "../lib/statistics.mjs";

export const fixture = (path) => fileURLToPath(new URL(`../../test/fixtures/${path}`, import.meta.url));

/** A figure that is to be at most so much. */
export function atMost(title, value, bound, unit = "") {
  return { title, value, bound, unit, met: value <= bound };
}

export function isAlive(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** The living processes with a text in their environment. */
export function living(mark) {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && hasMark(pid, mark) && isAlive(pid))
    .map(Number);
}

function hasMark(pid, mark) {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
  } catch {
    return false;
  }
}

/** Waits until something holds; returns how long it took, in ms, or Infinity. */
export async function until(holds, mostMs, begun = performance.now()) {
  while (!holds()) {
    if (performance.now() - begun > mostMs) return Number.POSITIVE_INFINITY;
    await sleep(5);
  }
  return performance.now() - begun;
}

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

export function collectGarbage() {
  gc();
}

/** What this process holds, and the heap that is left after a collection. */
export async function census() {
  await sleep(300);
  gc();
  await sleep(20);
  gc();
  const task = `/proc/${process.pid}/task`;
  const pids = readdirSync(task).flatMap((id) => readFileSync(`${task}/${id}/children`, "latin1").split(" ").filter(Boolean));
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    children: pids.filter(isAlive).length,
    handles: process.getActiveResourcesInfo().filter((name) => !["Timeout", "Immediate"].includes(name)).length,
    listeners,
    "temporary files": readdirSync(tmpdir()).length,
    heap: process.memoryUsage().heapUsed / 1e6,
  };
}

/** Figures for what there is more of than before. */
export function growth(title, before, after, heapMb) {
  const counted = Object.keys(before).filter((name) => name !== "heap");
  return [
    ...counted.map((name) => atMost(`${title}: ${name} above the baseline`, after[name] - before[name], 0)),
    atMost(`${title}: heap above the baseline`, after.heap - before.heap, heapMb, "MB"),
  ];
}

/** Does something so many times, so many at a time. */
export async function repeat(count, width, work) {
  let next = 0;
  const run = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, run));
}
