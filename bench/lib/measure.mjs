import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { quantile } from "./statistics.mjs";
import { ANSWER, INPUT, ITEMS, NOTES } from "./texts.mjs";
import { warmUp } from "./warm-up.mjs";

/** Of the calls that are made first, after a start. */
const FIRST = 1_000;
const CALLERS = 64;
const WARM_MS = 1_500;
const TIMED_MS = 700;
const NOTES_MS = 400;
const STREAM_MS = 500;

/**
 * From spawning to the first answer, and what an empty Node.js takes from spawning to its end; and the processor's time that the plugin
 * has taken by then, all of its threads. All in ms.
 */
export async function startOnce({ start }) {
  const begun = performance.now();
  const contestant = await start();
  check(await contestant.call(INPUT));
  const startMs = performance.now() - begun;
  const startCpuMs = await cpuOf(contestant.pid);
  await contestant.stop();
  const floorBegun = performance.now();
  const empty = spawn(process.execPath, ["-e", "0"], { stdio: ["pipe", "pipe", "inherit"] });
  await once(empty, "exit");
  return { startMs, startCpuMs, floorMs: performance.now() - floorBegun };
}

/** From /proc, which counts it to the nanosecond; nothing for who has no process of its own. */
async function cpuOf(pid) {
  if (pid === process.pid) return Number.NaN;
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const texts = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0")));
  return threads.length === 0 ? Number.NaN : texts.reduce((sum, text) => sum + Number(text.split(" ")[0]) / 1e6, 0);
}

/** The first calls of a plugin and of its host, whose code has not run yet, one after the other; in µs each. */
export async function firstCalls({ start }) {
  const contestant = await start();
  const begun = performance.now();
  await sequential(contestant, FIRST, []);
  const firstCalls = ((performance.now() - begun) * 1_000) / FIRST;
  await contestant.stop();
  return { firstCalls };
}

/** One call after the other; in µs. */
export async function roundTrip(contestant) {
  await warmUp(() => sequential(contestant, 200, []), { leastMs: 300, mostMs: WARM_MS, count: 5_000, perRound: 200 });
  const samples = [];
  for (const until = performance.now() + TIMED_MS; performance.now() < until; ) await sequential(contestant, 50, samples);
  return { roundTrip: quantile(samples, 0.5), roundTripP99: quantile(samples, 0.99) };
}

async function sequential(contestant, count, samples) {
  for (let index = 0; index < count; index++) {
    const begun = performance.now();
    const answer = await contestant.call(INPUT);
    samples.push((performance.now() - begun) * 1_000);
    check(answer);
  }
}

/** 64 callers, each with one call at a time; in calls per second. */
export async function pipelined(contestant) {
  await callers(contestant, 300);
  return { pipelined: await callers(contestant, TIMED_MS) };
}

async function callers(contestant, ms) {
  let open = true;
  let calls = 0;
  setTimeout(() => {
    open = false;
  }, ms);
  const caller = async () => {
    while (open) {
      check(await contestant.call(INPUT));
      calls++;
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (calls * 1_000) / (performance.now() - begun);
}

/** So many notifications to the plugin, one call, so many back, again and again; in notifications per second. */
export async function notifications(contestant) {
  let batches = 0;
  const ours = contestant.received();
  const theirs = await contestant.flood(0);
  const batch = async () => {
    const sent = [];
    for (let index = 0; index < NOTES; index++) sent.push(contestant.notify(INPUT));
    const count = await contestant.flood(NOTES);
    await Promise.all(sent);
    batches++;
    if (count - theirs !== batches * NOTES || contestant.received() - ours !== batches * NOTES) throw new Error("A notification was lost");
  };
  await warmUp(batch, { leastMs: 200, mostMs: WARM_MS, count: 10_000, perRound: NOTES });
  const first = batches;
  const begun = performance.now();
  while (performance.now() - begun < NOTES_MS) await batch();
  return { notifications: ((batches - first) * 2 * NOTES * 1_000) / (performance.now() - begun) };
}

/** Small items from the plugin to the host, one stream after the other; in items per second. */
export async function stream({ readNumbers }) {
  const once = async () => {
    let next = 0;
    await readNumbers(ITEMS, (n) => {
      if (n !== next++) throw new Error(`Item ${next - 1} of a stream came as ${n}`);
    });
    if (next !== ITEMS) throw new Error(`A stream ended after ${next} items of ${ITEMS}`);
  };
  await warmUp(once, { leastMs: 300, mostMs: WARM_MS, count: 2 * ITEMS, perRound: ITEMS });
  let streams = 0;
  const begun = performance.now();
  do {
    await once();
    streams++;
  } while (performance.now() - begun < STREAM_MS);
  return { stream: (streams * ITEMS * 1_000) / (performance.now() - begun) };
}

/** Resident memory of the plugin's process after the calls, and the most it ever was; in MB. */
export async function memory({ pid }) {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const megabytes = (field) => (Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1_024) / 1e6;
  return { memory: megabytes("VmRSS"), memoryPeak: megabytes("VmHWM") };
}

function check(answer) {
  if (answer !== ANSWER) throw new Error(`A call was answered with ${JSON.stringify(answer)}`);
}
