// Hundreds of supervised plugins and a thousand inline ones in one host: how they start, hear and end, and what each session costs.
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineContract, defineTopics, event, implement, method } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";
import { atMost, census, fixture, isAlive, until } from "./lib.mjs";

const INLINE = 1_000;
const KILL_TIMEOUT_MS = 2_000;
const MAX_SESSION_KB = 60;
const hears = defineContract("hears", { told: method() });
const storm = defineTopics("storm", { blows: event() });

export async function crowd({ count }) {
  const half = Math.floor(count / 2);
  const few = await startFew(half);
  const { host, ms, most } = await startMany(count);
  // What is there once, as code that has run, is in both.
  const perSupervised = ((await heapKb()) - few.kb) / (count - half);
  const heard = { inline: 0 };
  const withoutInline = await heapKb();
  const inlineMs = await timed(() => Promise.all(Array.from({ length: INLINE }, (_, n) => host.load(inlineSpec(n, heard)))));
  const perInline = ((await heapKb()) - withoutInline) / INLINE;
  const deaf = await tellAll(host, count, heard);
  const closeMs = await timed(() => host.close());
  console.log(
    `  ${count} supervised plugins were ready after ${(ms / 1_000).toFixed(1)} s, half of them after ${(few.ms / 1_000).toFixed(1)} s`,
  );
  console.log(`  ${INLINE} inline ones more after ${(inlineMs / 1_000).toFixed(2)} s; all ended in ${(closeMs / 1_000).toFixed(1)} s`);
  console.log(`  Memory of a session, its process apart: ${perSupervised.toFixed(1)} kB supervised, ${perInline.toFixed(1)} kB inline`);
  return [
    atMost(`starts of ${count} plugins beside those of half as many`, ms / few.ms, 3, "times"),
    atMost("plugins between their spawn and their connection, most at a time", most, 2 * availableParallelism()),
    atMost(`plugins of ${count + INLINE} that did not hear an event`, deaf, 0),
    atMost("close() of all of them", closeMs, 3 * KILL_TIMEOUT_MS, "ms"),
    atMost("memory of a supervised session, its process apart", perSupervised, MAX_SESSION_KB, "kB"),
    atMost("processes that are left", children().length, 0),
  ];
}

/** Nothing of that host is kept, so that none of its memory is taken for that of the next. */
async function startFew(count) {
  const { host, ms } = await startMany(count);
  const kb = await heapKb();
  await host.close();
  return { ms, kb };
}

async function startMany(count) {
  const command = fixture("plugins/hears.mjs");
  const plugins = Array.from({ length: count }, (_, n) => ({
    id: `s${n}`,
    mode: "supervised",
    command,
    minPort: 0,
    maxPort: 0,
    required: true,
    killTimeoutMs: KILL_TIMEOUT_MS,
    startTimeoutMs: 300_000,
  }));
  const host = new Host({ topics: storm, plugins });
  let most = 0;
  // One is the guardian's. What has announced itself is connected to a moment later.
  const timer = setInterval(() => {
    const connected = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    most = Math.max(most, children().length - 1 - connected);
  }, 10);
  const ms = await timed(() => host.ready());
  clearInterval(timer);
  return { host, ms, most };
}

function inlineSpec(n, heard) {
  return { id: `i${n}`, mode: "inline", provides: [implement(storm, { blows: () => void heard.inline++ })] };
}

/** Emits one event; returns how many did not hear it. */
async function tellAll(host, count, heard) {
  await host.bus.emit("blows", {});
  const sessions = host.getSessions().slice(0, count);
  const told = await Promise.all(sessions.map(async (session) => (await session.dispense(hears)).told()));
  await until(() => heard.inline === INLINE, 10_000);
  return told.filter(({ heard: events }) => events !== 1).length + INLINE - heard.inline;
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function heapKb() {
  await census();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1_000;
}

function children() {
  const task = `/proc/${process.pid}/task`;
  return readdirSync(task)
    .flatMap((id) => readFileSync(`${task}/${id}/children`, "latin1").split(" ").filter(Boolean))
    .filter(isAlive);
}
