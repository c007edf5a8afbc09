import { expect, test } from "vitest";
import { JsonRpcLink } from "../../src/client/json-rpc-link.js";
import { defineContract, type Implementation, implement, method, notification, stream } from "../../src/index.js";
import { PeerConnection } from "../../src/peer/connection.js";
import { announceProvided } from "../../src/peer/provided.js";
import { systemClock } from "../../src/util/clock.js";
import { deferred } from "../../src/util/deferred.js";
import { memoryChannels } from "../../src/wire/memory.js";
import { SHUTDOWN } from "../../src/wire/messages.js";
import { FakeClock } from "../kit/fake-clock.js";
import { memoryLogger, rejection } from "../kit/fixtures.js";
import { limitsOf, recordsOf } from "../kit/options.js";
import { outcome, settled } from "../kit/script-channel.js";

const work = defineContract("work", {
  run: method<{ report?: (text: string) => void }, string>(),
  watch: stream<void, number>(),
  told: notification<string>(),
});
const ui = defineContract("ui", { ask: method<void, string>() });
const WHY = 'plugin "kv" is being drained';
const REFUSED = { code: "NOT_SENT", message: `Cannot call "work.run": ${WHY}` };

/** A link, and the plugin at its other end. */
function linked(provides: readonly Implementation[], hostProvides: readonly Implementation[] = []) {
  const clock = new FakeClock();
  const shared = { clock, logger: memoryLogger(), validate: true, callTimeoutMs: 60_000, limits: limitsOf() };
  const [hostEnd, pluginEnd] = memoryChannels({ clock: systemClock, stallTimeoutMs: 10_000 });
  const link = new JsonRpcLink(hostEnd, { ...shared, other: 'plugin "kv"' });
  const plugin = new PeerConnection(pluginEnd, { ...shared, other: "the host" });
  for (const [end, own, others] of [
    [link, hostProvides, provides],
    [plugin, provides, hostProvides],
  ] as const) {
    end.learn({ provided: announceProvided(recordsOf(others)) });
    end.provide(recordsOf(own));
    end.peer.trust();
    end.peer.activate();
  }
  return { link, plugin, clock };
}

/** A plugin whose calls and streams end when the test says so. */
function working() {
  const run = deferred<string>();
  const more = deferred<void>();
  const asked = deferred<string>();
  const told: string[] = [];
  const implementation = implement(work, {
    run: async ({ report }) => {
      const text = await run.promise;
      await report?.("nearly");
      return text;
    },
    async *watch() {
      yield 1;
      await more.promise;
    },
    told: (text) => void told.push(text),
  });
  return { ...linked([implementation], [implement(ui, { ask: () => asked.promise })]), run, more, asked, told };
}

/** What a call is refused with, which is told in a turn of its own. */
function refusal(clock: FakeClock, call: Promise<unknown>): ReturnType<typeof rejection> {
  clock.runSoon();
  return rejection(call);
}

/** Lets what is on its way between the two ends arrive. */
async function crossed(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await settled();
}

test("a drain waits for the calls of this side, and what their handlers call back is answered meanwhile", async () => {
  const { link, plugin, clock, run, asked } = working();
  const reported: string[] = [];
  const answer = link.dispense(work).run({ report: (text) => void reported.push(text) });
  await crossed();
  const drained = outcome(link.drain(1_000, WHY));
  const callback = plugin.dispense(ui).ask();
  expect(await refusal(clock, link.dispense(work).run({}))).toMatchObject(REFUSED);
  asked.resolve("yes");
  expect(await callback).toBe("yes");
  expect(drained.state).toBe("pending");
  run.resolve("done");
  expect(await answer).toBe("done");
  expect(reported).toEqual(["nearly"]);
  await crossed();
  expect(drained.state).toBe("resolved");
  await link.end();
});

test("a drain waits for streams that are read, and lets the protocol's own calls through", async () => {
  const { link, more } = working();
  const items = link.dispense(work).watch()[Symbol.asyncIterator]();
  expect(await items.next()).toEqual({ done: false, value: 1 });
  const drained = outcome(link.drain(1_000, WHY));
  expect(await link.vitals.ping()).toEqual(expect.any(Number));
  await crossed();
  expect(drained.state).toBe("pending");
  more.resolve();
  expect(await items.next()).toEqual({ done: true, value: undefined });
  await crossed();
  expect(drained.state).toBe("resolved");
  await link.end();
});

test("a drain then refuses the plugin's calls, and waits for those that run", async () => {
  const { link, plugin, asked } = working();
  const { ask } = plugin.dispense(ui);
  const before = ask();
  await crossed();
  const drained = outcome(link.drain(1_000, WHY));
  await crossed();
  expect(await rejection(ask())).toMatchObject({ code: "NOT_SENT" });
  expect(drained.state).toBe("pending");
  asked.resolve("yes");
  expect(await before).toBe("yes");
  await crossed();
  expect(drained.state).toBe("resolved");
  await link.end();
});

test.each(["a call", "a stream", "the plugin's call"])("a drain gives up after timeoutMs where %s goes on", async (what) => {
  const { link, plugin, clock } = working();
  const { run, watch } = link.dispense(work);
  const going = what === "a call" ? run({}) : what === "a stream" ? watch()[Symbol.asyncIterator]().next() : plugin.dispense(ui).ask();
  going.then(
    () => {},
    () => {},
  );
  await crossed();
  const drained = outcome(link.drain(1_000, WHY));
  await crossed();
  clock.advance(999);
  await crossed();
  expect(drained.state).toBe("pending");
  clock.advance(1);
  await crossed();
  expect(drained.state).toBe("resolved");
  await link.end();
});

test("a drain ends with the connection", async () => {
  const { link, plugin, clock } = working();
  const lost = rejection(link.dispense(work).run({}));
  await crossed();
  const drained = outcome(link.drain(Number.POSITIVE_INFINITY, WHY));
  await plugin.close();
  await link.closed;
  await crossed();
  expect(drained.state).toBe("resolved");
  expect(await lost).toMatchObject({ code: "CONNECTION_LOST" });
  expect((await refusal(clock, link.dispense(work).run({}))).message).toContain("was closed by it");
});

test("askToStop() asks once what is running has been sent, also after a drain, and calls are refused from then on", async () => {
  const { link, plugin, clock, told } = working();
  const asked: unknown[] = [];
  plugin.peer.reserved.set(SHUTDOWN, (input) => void asked.push(input));
  await link.dispense(work).told("before");
  await link.drain(1_000, WHY);
  expect(link.askToStop(2_000, 'plugin "kv" is being stopped')).toBe(true);
  await crossed();
  expect([told, asked]).toEqual([["before"], [{ graceMs: 2_000 }]]);
  expect((await refusal(clock, link.dispense(work).run({}))).message).toBe('Cannot call "work.run": plugin "kv" is being stopped');
  await plugin.close();
  expect(await link.closed).toEqual({ kind: "closed", by: "us" });
  expect(link.askToStop(2_000, "it is gone")).toBe(false);
});

test("end() ends the conversation for the reason that is given", async () => {
  const { link } = working();
  const reason = { kind: "exited", exitCode: 3, signal: null, stderrTail: "" } as const;
  expect(await link.end(reason)).toBe(reason);
  expect(await link.closed).toBe(reason);
});

test("its vitals are the conversation's own", async () => {
  const { link, clock, run } = working();
  expect(link.vitals).toMatchObject({ received: 0, reading: true, oldestDeadline: undefined });
  const answer = link.dispense(work).run({});
  expect(link.vitals.oldestDeadline).toBe(clock.now() + 60_000);
  run.resolve("done");
  await answer;
  expect(link.vitals.oldestDeadline).toBeUndefined();
  await link.end();
});
