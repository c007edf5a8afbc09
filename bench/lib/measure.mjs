import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { quantile } from "./statistics.mjs";
import { ANSWER, INPUT, NOTES, prose } from "./texts.mjs";

const CALLERS = 64;
const TIMED_MS = 700;
const NOTES_MS = 400;
const TEXT_MS = 150;

/** From spawning to the first answer, and what an empty Node.js takes from spawning to its end, both in ms. */
export async function startOnce({ start }) {
  const begun = performance.now();
  const contestant = await start();
  check(await contestant.call(INPUT));
  const startMs = performance.now() - begun;
  await contestant.stop();
  const floorBegun = performance.now();
  const empty = spawn(process.execPath, ["-e", "0"], { stdio: ["pipe", "pipe", "inherit"] });
  await once(empty, "exit");
  return { startMs, floorMs: performance.now() - floorBegun };
}

/** One call after the other; in µs. */
export async function roundTrip(contestant) {
  await warmUp(() => sequential(contestant, 200, []), { leastMs: 300, calls: 5_000, perRound: 200 });
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
  if (contestant.flood === undefined) return {};
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
  await warmUp(batch, { leastMs: 200, calls: 10_000, perRound: NOTES });
  const first = batches;
  const begun = performance.now();
  while (performance.now() - begun < NOTES_MS) await batch();
  return { notifications: ((batches - first) * 2 * NOTES * 1_000) / (performance.now() - begun) };
}

/** A text sent and returned, one call after the other; in MB of text per second, counted once. */
export async function text(contestant) {
  const results = {};
  for (const [name, length] of Object.entries({ text1k: 2 ** 10, text64k: 2 ** 16, text1m: 2 ** 20, text16m: 2 ** 24 })) {
    const sent = prose(length);
    const warmUntil = performance.now() + 50;
    do {
      if ((await contestant.echoText(sent)) !== sent) throw new Error(`A text of ${length} characters came back as another`);
    } while (performance.now() < warmUntil);
    let count = 0;
    const begun = performance.now();
    do {
      if ((await contestant.echoText(sent)).length !== length) throw new Error("A text came back with another length");
      count++;
    } while (performance.now() - begun < TEXT_MS);
    results[name] = (count * length) / 1_000 / (performance.now() - begun);
  }
  return results;
}

/** Resident memory of the plugin's process after the calls, and the most it ever was; in MB. */
export async function memory({ pid }) {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const megabytes = (field) => (Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1_024) / 1e6;
  return { memory: megabytes("VmRSS"), memoryPeak: megabytes("VmHWM") };
}

// Slow contestants need their calls, fast ones their time; nobody gets more than 1.5 s.
async function warmUp(round, { leastMs, calls, perRound }) {
  const begun = performance.now();
  for (let done = 0; ; done += perRound) {
    const ms = performance.now() - begun;
    if (ms >= 1_500 || (ms >= leastMs && done >= calls)) return;
    await round();
  }
}

function check(answer) {
  if (answer !== ANSWER) throw new Error(`A call was answered with ${JSON.stringify(answer)}`);
}
