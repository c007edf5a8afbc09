import { expect, test } from "vitest";
import { PluginError } from "../../../src/errors.js";
import { random as randomFrom } from "../../kit/random.mjs";
import { FakeUnit, POLICY, settle, supervise } from "./supervisor-kit.js";

const SEQUENCES = 10_000;
const STEPS = 24;
const CONFIGURATION = ["missing", "checksum", "options", "declined"];
const PASSING = ["exited", "silent", "unreachable", "resources"];

type World = ReturnType<typeof supervise>;

/** What the model knows: what was asked for last, and whether nothing may be tried before it is asked for again. */
interface Model {
  wanted: boolean;
  /** A start failed for what does not get better, since it was asked for last. */
  hopeless: boolean;
}

/** Units that run now, started by the supervisor or put in its place, and not told to stop. */
function live(it: World, replacements: readonly FakeUnit[]): FakeUnit[] {
  const started = it.starts.filter(({ settled, unit }) => settled && !unit.gone).map(({ unit }) => unit);
  return [...started, ...replacements].filter(({ gone, stopping }) => !gone && !stopping);
}

async function play(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const it = supervise({ ...POLICY, maxAttempts: 2, thenEveryMs: random() < 0.3 ? 60_000 : undefined });
  const model: Model = { wanted: false, hopeless: false };
  const replacements: FakeUnit[] = [];
  const pending = () => it.starts.filter(({ settled }) => !settled);
  const running = (): FakeUnit | undefined => it.given.current;
  let mayTryAgain = false;
  // A million looks: an assertion library would take longer than all the rest.
  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`seed ${seed}: ${what}`);
  };
  const steps: Record<string, () => void> = {
    start() {
      model.wanted = true;
      model.hopeless = false;
      it.supervisor.activate().catch(() => {});
    },
    stop() {
      model.wanted = false;
      void it.supervisor.deactivate();
    },
    succeed: () => pending()[0]?.succeed(),
    crash: () => running()?.end(),
    exitInOrder: () => running()?.end({ kind: "exited", exitCode: 0, signal: null, stderrTail: "" }),
    configurationFault() {
      const start = pending()[0];
      if (start === undefined) return;
      if (!start.signal.aborted && model.wanted) model.hopeless = true;
      start.fail(pick(CONFIGURATION));
    },
    passingFault: () => pending()[0]?.fail(pick(PASSING)),
    hang() {
      const unit = running();
      if (unit !== undefined) it.supervisor.fail(unit, new PluginError("CONNECTION_LOST", "it is frozen"));
    },
    ended() {
      for (const unit of [...it.starts.map((start) => start.unit), ...replacements])
        if (unit.stopping && !unit.gone) unit.end({ kind: "killed", forced: false, escaped: [] });
    },
    replace() {
      const unit = new FakeUnit();
      if (!it.supervisor.adopt(unit, 1_000)) return;
      model.hopeless = false;
      replacements.push(unit);
    },
    clockJump() {
      mayTryAgain = true;
      it.clock.advance(pick([1, 250, 1_000, 31_000, 3_600_000]));
    },
  };
  for (let step = 0; step < STEPS; step++) {
    const before = it.starts.length;
    const wasHopeless = model.hopeless;
    mayTryAgain = false;
    steps[pick(Object.keys(steps))]?.();
    await settle();
    const alive = live(it, replacements);
    const inFlight = pending().filter(({ signal }) => !signal.aborted);
    // One that stopped being current is told to stop in the same turn, so whoever is left is the one that calls go to.
    must(alive.length <= 1, "more than one process runs");
    must(alive.length === 0 || inFlight.length === 0, "one starts beside one that runs");
    must(inFlight.length <= 1, "two starts at a time");
    must(model.wanted || (inFlight.length === 0 && running() === undefined), "something runs that was asked to stop");
    must(model.wanted || it.starts.length === before, "a restart after a stop");
    must(!(it.starts.length > before && wasHopeless && model.hopeless && !mayTryAgain), "tried again what cannot get better");
    must(running() === undefined || it.supervisor.state === "active", "calls go to one that is not active");
  }
  // Whatever was under way: once all that was asked to end has ended, and all that starts may start, it is as it was asked for last.
  steps["ended"]?.();
  await settle();
  const wanted = random() < 0.5;
  const settled = wanted ? it.supervisor.activate() : it.supervisor.deactivate();
  for (let turn = 0; turn < 6; turn++) {
    steps["ended"]?.();
    await settle();
    for (const start of pending()) start.succeed();
    await settle();
    it.clock.advance(60_000);
  }
  await settled;
  expect([it.supervisor.state, live(it, replacements).length], `seed ${seed}`).toEqual(wanted ? ["active", 1] : ["inactive", 0]);
}

test(`[L9, F6, F30] ${SEQUENCES} random sequences of start, stop, crash, decline, hang, replace, configuration fault and clock jump`, async () => {
  for (let seed = 1; seed <= SEQUENCES; seed++) await play(seed);
}, 120_000);
