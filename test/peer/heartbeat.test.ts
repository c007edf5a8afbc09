import { expect, test } from "vitest";
import { Heartbeat } from "../../src/peer/heartbeat.js";
import { FakeClock } from "../kit/fake-clock.js";
import { outcome, scripted, settled } from "../kit/script-channel.js";

/** The other side as a heartbeat sees it, and what the heartbeat said. */
function watched({ intervalMs = 1_000, timeoutMs = 400 } = {}) {
  const clock = new FakeClock();
  const begun = clock.now();
  const said: string[] = [];
  let answer: (value?: unknown) => void = () => {};
  const peer = {
    received: 0,
    reading: true,
    oldestDeadline: undefined as number | undefined,
    pings: 0,
    ping: () => {
      peer.pings++;
      said.push(`ping at ${clock.now() - begun}`);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  };
  const heartbeat = new Heartbeat(peer, {
    intervalMs,
    timeoutMs,
    clock,
    onStall: (ms) => said.push(`stalled ${ms}`),
    onFrozen: (ms) => said.push(`frozen at ${clock.now() - begun}, ${ms} ms after the ping`),
  });
  /** Lets an idle process live on, one millisecond at a time. */
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed++) clock.advance(1);
  };
  return { clock, peer, said, heartbeat, pass, answer: () => answer("pong") };
}

test("[P6, F8] a side that is silent is pinged within the interval, and frozen by interval plus timeout", () => {
  const { said, pass } = watched();
  pass(5_000);
  expect(said).toEqual(["ping at 750", "frozen at 1150, 400 ms after the ping"]);
});

test.for([0, 1, 100, 249, 250, 251, 600, 999])(
  "[P6] frozen at any moment, %i ms after a look, it is found at most interval plus timeout after its last byte",
  (ms) => {
    const { peer, said, pass, clock } = watched();
    pass(ms);
    peer.received++;
    const last = clock.now();
    pass(5_000);
    const frozenAt = Number(/frozen at (\d+)/.exec(said.at(-1) as string)?.[1]) + 1_000;
    expect(frozenAt - last).toBeLessThanOrEqual(1_400);
    expect(frozenAt - last).toBeGreaterThanOrEqual(750 + 400);
  },
);

test("[P6] a side that talks is never pinged", () => {
  const { peer, said, pass } = watched();
  for (let talked = 0; talked < 20; talked++) {
    pass(500);
    peer.received++;
  }
  expect(said).toEqual([]);
});

test("[P6] any byte is a sign of life, the answer to the ping or not, and the next silence is measured anew", () => {
  const { peer, said, pass } = watched();
  pass(1_100);
  peer.received++; // 350 ms after the ping.
  pass(750 + 200); // From the look at 1150.
  // The first ping has no answer yet, and there is no second one.
  expect(said).toEqual(["ping at 750"]);
});

test("[P6] with a timeout that is longer than the interval a sign of life is noticed as soon, and the bound holds", () => {
  for (const ms of [751, 900, 1_100, 3_000]) {
    const { peer, said, pass, clock } = watched({ intervalMs: 1_000, timeoutMs: 4_000 });
    pass(ms);
    peer.received++;
    const last = clock.now();
    pass(10_000);
    const frozenAt = Number(/frozen at (\d+)/.exec(said.at(-1) as string)?.[1]) + 1_000;
    expect(frozenAt - last).toBeLessThanOrEqual(5_000);
  }
});

test("[P6] where bytes are not counted the answer is the sign of life", async () => {
  const { said, pass, answer } = watched();
  for (let round = 1; round <= 3; round++) {
    while (said.length < round) pass(1);
    answer();
    await settled();
  }
  pass(400);
  expect(said).toHaveLength(3);
  expect(said.every((line) => line.startsWith("ping"))).toBe(true);
});

test("[P6] no second ping is sent while the first has no answer", () => {
  const { peer, said, pass } = watched();
  for (let round = 0; round < 5; round++) {
    pass(900); // Silent for long enough to be pinged.
    peer.received++;
  }
  expect(said).toEqual(["ping at 750"]);
});

test("[P6] a call that runs there excuses silence until its deadline, and no longer", () => {
  const { peer, said, pass, clock } = watched();
  peer.oldestDeadline = clock.now() + 60_000;
  pass(60_000);
  expect(said).toEqual(["ping at 750"]);
  pass(400);
  expect(said).toHaveLength(2);
  expect(said[1]).toMatch(/^frozen at 60[1-4]\d\d/);
});

test("[P6] a call without a deadline excuses silence for ever, and one made after the ping does not at all", () => {
  const endless = watched();
  endless.peer.oldestDeadline = Number.POSITIVE_INFINITY;
  endless.pass(100_000);
  expect(endless.said).toEqual(["ping at 750"]);
  const later = watched();
  later.pass(800);
  later.peer.oldestDeadline = later.clock.now() + 60_000;
  later.pass(400);
  expect(later.said.at(-1)).toBe("frozen at 1150, 400 ms after the ping");
});

test("[F11, P6] a miss measured over a stall of this very process does not count, and what waited to be read is read first", () => {
  const { clock, peer, said, pass } = watched();
  pass(760);
  clock.freeze(1_400);
  peer.received++; // It answered meanwhile, and that is read now.
  clock.runSoon();
  pass(600);
  expect(said).toEqual(["ping at 750", "stalled 1210"]);
});

test("[F11, P6] after a stall a side that has not answered yet gets all of the timeout anew, each time", () => {
  const { clock, peer, said, pass } = watched();
  pass(760);
  for (let stall = 0; stall < 3; stall++) {
    clock.freeze(1_400);
    clock.runSoon();
  }
  pass(399);
  expect(said.filter((line) => line.startsWith("frozen"))).toEqual([]);
  peer.received++;
  pass(500);
  expect(said.filter((line) => line.startsWith("frozen"))).toEqual([]);
  const silent = watched();
  silent.pass(760);
  silent.clock.freeze(1_400);
  silent.clock.runSoon();
  silent.pass(400);
  expect(silent.said).toEqual(["ping at 750", "stalled 1210", "frozen at 2560, 1810 ms after the ping"]);
});

test("[F11] a stall is told once, also in a moment in which nobody was pinged", () => {
  const { clock, peer, said, pass } = watched();
  pass(100);
  clock.freeze(10_000);
  peer.received++;
  clock.runSoon();
  pass(700);
  expect(said).toEqual(["stalled 9850"]);
});

test("[F11] the answer that is read in the same moment in which the second miss is due is in time", () => {
  const { clock, peer, said, pass } = watched();
  pass(1_149);
  clock.stall(1); // The timer is due, and input waits.
  peer.received++;
  clock.runSoon();
  pass(300);
  expect(said).toEqual(["ping at 750"]);
});

test("[P6] nothing counts against the other side while we read nothing ourselves", () => {
  const { peer, said, pass } = watched();
  peer.reading = false;
  pass(10_000);
  expect(said).toEqual(["ping at 750"]);
});

test("stop() ends it, in any phase, and no timer stays", () => {
  for (const ms of [0, 800, 1_000]) {
    const { clock, said, heartbeat, pass } = watched();
    pass(ms);
    const before = said.length;
    heartbeat.stop();
    heartbeat.stop();
    pass(5_000);
    expect([said.length, clock.timers]).toEqual([before, 0]);
  }
  const due = watched();
  due.pass(1_149);
  due.clock.stall(1);
  due.heartbeat.stop(); // Between the timer and the judgement.
  due.clock.runSoon();
  expect(due.said).toEqual(["ping at 750"]);
});

test("[P6] the oldest call that may still run is what a peer tells of: given up or not, a ping never, an answered one no more", async () => {
  const { connection, channel, clock } = scripted();
  const { peer } = connection;
  expect(peer.oldestDeadline).toBeUndefined();
  void outcome(connection.ping());
  expect(peer.oldestDeadline).toBeUndefined();
  const controller = new AbortController();
  const oldest = outcome(connection.call("kv.get", 1, { timeoutMs: 500, signal: controller.signal }));
  const next = outcome(connection.call("kv.get", 2, { timeoutMs: 100 }));
  expect(peer.oldestDeadline).toBe(clock.now() + 500);
  controller.abort(new Error("given up"));
  await settled();
  expect(oldest.state).toBe("rejected");
  expect(peer.oldestDeadline).toBe(clock.now() + 500); // It may run all the same.
  const [, first] = channel.take();
  channel.answer(first.id, "late");
  expect(peer.oldestDeadline).toBe(clock.now() + 100);
  clock.advance(100);
  await settled();
  expect(next.state).toBe("rejected");
  expect(peer.oldestDeadline).toBeUndefined();
});
