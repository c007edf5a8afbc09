import { warmUp } from "./warm-up.mjs";
import { work } from "./work.mjs";

const CALLERS = 64;
const EVENTS = 128;
const WARM_MS = 1_500;
const TIMED_MS = 700;

/** So many events to every subscriber, until all have them, again and again; in events per second. */
export async function events({ emitAll }) {
  const batch = () => emitAll(EVENTS);
  await warmUp(batch, { leastMs: 300, mostMs: WARM_MS, count: 5_000, perRound: EVENTS });
  let batches = 0;
  const begun = performance.now();
  for (; performance.now() - begun < TIMED_MS; batches++) await batch();
  return { events: (batches * EVENTS * 1_000) / (performance.now() - begun) };
}

/** 64 callers of two workers: without any work, and with work for the processor; in calls per second. */
export async function pool(contestant) {
  await callers(contestant.idle, (n) => n, 300);
  const poolIdle = await callers(contestant.idle, (n) => n, TIMED_MS);
  const answers = Array.from({ length: 16 }, (_, n) => work({ n }));
  await callers(contestant.work, (n) => answers[n], 300);
  return { poolIdle, poolBusy: await callers(contestant.work, (n) => answers[n], TIMED_MS) };
}

async function callers(call, answerTo, ms) {
  let calls = 0;
  const until = performance.now() + ms;
  const caller = async () => {
    while (performance.now() < until) {
      const n = calls++ % 16;
      const answer = await call({ n });
      if (answer !== answerTo(n)) throw new Error(`A call was answered with ${JSON.stringify(answer)}`);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (calls * 1_000) / (performance.now() - begun);
}
