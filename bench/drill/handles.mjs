// Calls by the handles of sessions while their plugins are killed at random: each settles once, and says truly what is known of it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineContract, method } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";
import { atMost, fixture, random } from "./lib.mjs";

const CALLERS = 64;
const KILLS = 100;
const WAITS_MS = [undefined, undefined, 1, 30_000];
const LEAST_PER_SECOND = 30_000;
const OUTCOMES = ["answered", "NOT_SENT", "CONNECTION_LOST", "another"];
const ledger = defineContract("ledger", { add: method() });

export async function handles({ count, seed }) {
  const dir = mkdtempSync(join(tmpdir(), "drill-"));
  const host = new Host({ plugins: specs(dir) });
  try {
    await host.ready();
    const told = await callAndKill(host, { count, next: random(seed) });
    await host.close();
    return figures(told, readJournals(dir, count));
  } finally {
    await host.close();
    rmSync(dir, { recursive: true });
  }
}

/** One plugin in each way in which a handle may change what is behind it. */
function specs(dir) {
  const common = {
    mode: "supervised",
    command: fixture("plugins/journals.mjs"),
    minPort: 0,
    maxPort: 0,
    required: true,
    options: { dir },
    restart: { initialMs: 10, factor: 1, maxAttempts: Number.POSITIVE_INFINITY },
  };
  return [
    { ...common, id: "plain" },
    { ...common, id: "unix", transport: "unix" },
    { ...common, id: "standby", standby: true },
    { ...common, id: "several", instances: 2 },
  ];
}

async function callAndKill(host, { count, next }) {
  const sessions = host.getSessions();
  const remotes = await Promise.all(sessions.map((session) => session.dispense(ledger)));
  const outcomes = new Uint8Array(count);
  const settled = new Uint8Array(count);
  const others = new Map();
  const told = { outcomes, settled, others, wrong: 0, kills: 0, perSecond: 0 };
  const settle = (id, outcome) => {
    settled[id]++;
    outcomes[id] = OUTCOMES.indexOf(outcome);
  };
  let placed = 0;
  let done = 0;
  const caller = async () => {
    while (placed < count) {
      const id = placed++;
      const waitReadyMs = WAITS_MS[Math.floor(next() * WAITS_MS.length)];
      const remote = remotes[Math.floor(next() * remotes.length)];
      const call = remote.add({ id, n: id % 1_000 }, waitReadyMs === undefined ? undefined : { waitReadyMs });
      await call.then(
        (answer) => {
          settle(id, "answered");
          if (answer.id !== id || answer.twice !== 2 * (id % 1_000)) told.wrong++;
        },
        ({ code, message }) => {
          settle(id, OUTCOMES.includes(code) ? code : "another");
          if (!OUTCOMES.includes(code)) others.set(code ?? message, message);
        },
      );
      if (++done % Math.max(1, Math.floor(count / KILLS)) === 0) told.kills += kill(sessions[Math.floor(next() * sessions.length)]);
    }
  };
  const rate = watchRate(sessions, () => done);
  await Promise.all(Array.from({ length: CALLERS }, caller));
  told.perSecond = rate();
  return told;
}

/** One that is down already is left for the next time. */
function kill(session) {
  const pid = session.supervised?.pid;
  if (pid === undefined) return 0;
  try {
    process.kill(pid, "SIGKILL");
    return 1;
  } catch {
    return 0;
  }
}

/** Counts while all are there. Returns what ends that, and gives calls per second. */
function watchRate(sessions, done) {
  let [calls, ms, at, before, wasUp] = [0, 0, performance.now(), 0, false];
  const timer = setInterval(() => {
    const now = performance.now();
    const isUp = sessions.every(({ reportedState }) => reportedState === "active");
    if (isUp && wasUp) {
      calls += done() - before;
      ms += now - at;
    }
    [at, before, wasUp] = [now, done(), isUp];
  }, 5);
  return () => {
    clearInterval(timer);
    return calls / (ms / 1_000);
  };
}

/** How often each call was seen by a plugin. */
function readJournals(dir, count) {
  const seen = new Uint8Array(count);
  for (const file of readdirSync(dir)) {
    const bytes = readFileSync(join(dir, file));
    for (let at = 0; at + 4 <= bytes.length; at += 4) seen[bytes.readUInt32LE(at)]++;
  }
  return seen;
}

function figures({ outcomes, settled, others, wrong, kills, perSecond }, seen) {
  const which = (holds) => outcomes.reduce((sum, outcome, id) => sum + (holds(OUTCOMES[outcome], seen[id]) ? 1 : 0), 0);
  const counts = OUTCOMES.map((name) => `${which((outcome) => outcome === name)} ${name}`).join(", ");
  console.log(
    `  ${outcomes.length} calls, ${kills} kills: ${counts}; ${Math.round(perSecond)} calls per second while all plugins are there`,
  );
  for (const [code, message] of others) console.log(`  ${code}: ${message}`);
  return [
    atMost(
      "calls that did not settle once",
      settled.reduce((sum, times) => sum + (times === 1 ? 0 : 1), 0),
      0,
    ),
    atMost("wrong answers", wrong, 0),
    atMost(
      "calls told as something else",
      which((outcome) => outcome === "another"),
      0,
    ),
    atMost(
      "calls told as NOT_SENT that a plugin has seen",
      which((outcome, times) => outcome === "NOT_SENT" && times > 0),
      0,
    ),
    atMost(
      "answered calls that no plugin has seen",
      which((outcome, times) => outcome === "answered" && times === 0),
      0,
    ),
    atMost(
      "calls that plugins have seen twice",
      which((_, times) => times > 1),
      0,
    ),
    atMost("kills that were left out", KILLS - kills, KILLS / 2),
    atMost("1,000 calls while all plugins are there", 1e6 / perSecond, 1e6 / LEAST_PER_SECOND, "ms"),
  ];
}
