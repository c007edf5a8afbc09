import fc from "fast-check";
import { expect, test } from "vitest";
import { gate } from "../kit/gate.js";
import { wholeNumbers } from "../kit/random.mjs";
import { ACTIONS, type Action, World } from "./world.js";

gate();

// What may have arrived all the same.
const IN_DOUBT = ["CONNECTION_LOST", "CONNECTION_CLOSED"];

interface Sum {
  readonly sent: number;
  readonly delivered: number;
  readonly rejected: number;
  readonly told: number;
}

/** Where each number ended; of those that arrived and were in doubt, too, that they arrived. */
function sumOf({ sent, arrived, rejected, told }: World): Sum {
  const sum = { delivered: 0, rejected: 0, told: 0 };
  for (const number of sent) {
    if (arrived.has(number)) sum.delivered++;
    else if (rejected.has(number)) sum.rejected++;
    else if (told.has(number)) sum.told++;
  }
  return { sent: sent.size, ...sum };
}

function check(world: World): Sum {
  const sum = sumOf(world);
  // Else some of them would be counted and not known.
  expect(world.dropped).toBe(0);
  expect(sum.delivered + sum.rejected + sum.told).toBe(sum.sent);
  const twice = [...world.arrived].filter(([, count]) => count > 1);
  expect(twice).toEqual([]);
  for (const outcomes of [world.rejected, world.told]) {
    const wrong = [...outcomes].filter(([number, code]) => world.arrived.has(number) && !IN_DOUBT.includes(code));
    expect(wrong, "what is said not to have left did not arrive").toEqual([]);
  }
  return sum;
}

test("[R33] 100,000 events through losses, pauses, drains and restarts of both ends: each is delivered, rejected or on err, and they add up", async () => {
  const next = wholeNumbers(20_260);
  const world = await World.start();
  while (world.sent.size < 100_000) {
    world.burst(200 + (next() % 400));
    await world.act("rest");
    await world.act(ACTIONS[next() % ACTIONS.length] as Action);
    // What was paused is resumed before long, or nothing would be sent any more.
    if (next() % 2 === 0) await world.act("resume");
  }
  await world.end();
  const sum = check(world);
  console.log(`sent ${sum.sent}: delivered ${sum.delivered}, rejected ${sum.rejected}, on err ${sum.told}`);
  expect(sum.delivered).toBeGreaterThan(10_000);
  expect(sum.rejected).toBeGreaterThan(0);
});

test("[R33] whatever the order of losses, pauses, drains and restarts: each event is delivered, rejected or on err", async () => {
  const step = fc.record({ burst: fc.integer({ min: 0, max: 40 }), action: fc.constantFrom(...ACTIONS) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const world = await World.start();
      for (const { burst, action } of steps) {
        world.burst(burst);
        await world.act(action);
      }
      await world.end();
      check(world);
    }),
    { numRuns: 15, endOnFailure: true },
  );
});
