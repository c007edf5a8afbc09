// A million events to many subscribers, of which one is stopped and one pours events of its own: what is lost is counted exactly, the host's
// memory is bounded, and nobody else minds.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { defineContract, defineTopics, event, method } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";
import { atMost, collectGarbage, fixture, quantile, until } from "./lib.mjs";

const SUBSCRIBERS = 32;
const MAX_RSS_MB = 32;
// As many leave, and then all who can hear them have: a rate that every machine keeps up with.
const BATCH = 256;
const PROBE_EVERY = 64;
const QUIET_SHARE = 0.1;
const POURED_SHARE = 0.1;
const WARM_UP = 20_000;
const hears = defineContract("hears", { ping: method(), told: method(), pour: method() });
const storm = defineTopics("storm", { blows: event(), pours: event() });
const rssMb = () => process.memoryUsage.rss() / 2 ** 20;

export async function storms({ count }) {
  const command = fixture("plugins/hears.mjs");
  const common = {
    mode: "supervised",
    command,
    minPort: 0,
    maxPort: 0,
    required: true,
    heartbeat: false,
    // One that takes nothing for 10 s is ended otherwise, as it should be.
    limits: { stallTimeoutMs: 3_600_000 },
    health: false,
    callTimeoutMs: 600_000,
  };
  const ids = Array.from({ length: SUBSCRIBERS }, (_, n) => `s${n}`);
  const host = new Host({ topics: storm, plugins: ids.map((id) => ({ ...common, id })), callTimeoutMs: 600_000 });
  try {
    await host.ready();
    const remotes = await Promise.all(ids.map((id) => host.getSession(id).dispense(hears)));
    return await blow(host, remotes, count);
  } finally {
    await host.close();
  }
}

async function blow(host, remotes, count) {
  const [, pourer, ...others] = remotes;
  const { pid } = host.getSession("s0").supervised;
  // What the code of it takes, and each connection's buffers, is there before anything is counted.
  await emitAll(host, remotes, WARM_UP);
  await waysOf(others);
  await emitAll(host, remotes, Math.round(count * QUIET_SHARE));
  const quietMs = quantile(await waysOf(others), 0.99);
  collectGarbage();
  const before = rssMb();
  process.kill(pid, "SIGSTOP");
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const begun = performance.now();
  const poured = Math.round(count * POURED_SHARE);
  const [mostMb] = await Promise.all([emitAll(host, [pourer, ...others], count), pourer.pour({ count: poured, width: 8 })]);
  const seconds = (performance.now() - begun) / 1_000;
  delay.disable();
  const busyMs = quantile(await waysOf(others), 0.99);
  process.kill(pid, "SIGCONT");
  await Promise.all(remotes.map(({ ping }) => ping()));
  await until(() => false, 50);
  const wrong = await faultsOf(host, remotes, poured);
  const lag = `the event loop was late by ${(delay.max / 1e6).toFixed(0)} ms at most, ${(delay.percentile(99) / 1e6).toFixed(1)} ms at the 99th percentile`;
  console.log(`  ${count + poured} events in ${seconds.toFixed(0)} s, each to ${SUBSCRIBERS - 1} or ${SUBSCRIBERS}; ${lag}`);
  console.log(`  On their way, 99th percentile: ${quietMs.toFixed(2)} ms while all hear, ${busyMs.toFixed(2)} ms while one is stopped`);
  return [
    atMost("subscribers whose delivered and dropped events are not those emitted, or who heard others than were delivered", wrong, 0),
    atMost("memory of the host above its start", mostMb - before, MAX_RSS_MB, "MB"),
    atMost("an event on its way to the others, 99th percentile, beside the quiet one", busyMs / quietMs, 2, "times"),
  ];
}

/** Emits as many events. Resolves with the most memory that the host had meanwhile. */
async function emitAll(host, hearing, count) {
  let mostMb = 0;
  for (let n = 0; n < count; ) {
    for (const end = Math.min(count, n + BATCH); n < end; n++) {
      await host.bus.emit("blows", n % PROBE_EVERY === 0 ? { n, at: Number(process.hrtime.bigint()) / 1e6 } : { n });
    }
    await Promise.all(hearing.map(({ ping }) => ping()));
    mostMb = Math.max(mostMb, rssMb());
  }
  return mostMb;
}

async function waysOf(remotes) {
  const told = await Promise.all(remotes.map((remote) => remote.told()));
  return told.flatMap(({ waysMs }) => waysMs);
}

/** Held against the counters of metrics(). */
async function faultsOf(host, remotes, poured) {
  const metrics = await host.metrics();
  const figure = (name, label, value) => Number(new RegExp(`^${name}\\{${label}="${value}"\\} (\\d+)$`, "m").exec(metrics)?.[1]);
  const emitted = ["storm/blows", "storm/pours"].reduce((sum, topic) => sum + figure("mortise_events_emitted_total", "topic", topic), 0);
  let wrong = 0;
  for (const [n, remote] of remotes.entries()) {
    const [delivered, dropped, waiting] = ["delivered_total", "dropped_total", "waiting"].map((what) =>
      figure(`mortise_events_${what}`, "plugin", `s${n}`),
    );
    const { heard } = await remote.told();
    // It hears none of its own.
    const meant = n === 1 ? emitted - poured : emitted;
    if (n === 0) console.log(`  The stopped one: ${delivered} delivered, ${dropped} dropped of ${meant}`);
    if (delivered + dropped === meant && waiting === 0 && heard === delivered) continue;
    wrong++;
    console.log(`  s${n}: ${JSON.stringify({ meant, delivered, dropped, waiting, heard })}`);
  }
  return wrong;
}
