import { expect, test } from "vitest";
import { Failures } from "../../../src/host/external/failures.js";
import { checkOptions } from "../../../src/host/external/options-schema.js";
import { WaitingRoom } from "../../../src/host/external/waiting-room.js";
import { FakeClock } from "../../kit/fake-clock.js";

test("[F83] ten failures of an id within a minute have it wait until the first is a minute old; others are not touched", () => {
  const clock = new FakeClock();
  const failures = new Failures(clock);
  for (let n = 0; n < 9; n++) failures.add("weather");
  expect(failures.waitMs("weather")).toBe(0);
  clock.advance(10_000);
  failures.add("weather");
  expect([failures.waitMs("weather"), failures.waitMs("other")]).toEqual([50_000, 0]);
  clock.advance(49_999);
  expect(failures.waitMs("weather")).toBe(1);
  clock.advance(1);
  expect(failures.waitMs("weather")).toBe(0);
});

test("[F83] of ids that strangers name no more than 4,096 are remembered", () => {
  const failures = new Failures(new FakeClock());
  for (let n = 0; n < 10; n++) failures.add("first");
  for (let n = 0; n < 4_095; n++) failures.add(`id${n}`);
  expect(failures.waitMs("first")).toBeGreaterThan(0);
  failures.add("one more");
  expect(failures.waitMs("first")).toBe(0);
});

test("[F79] so many may wait; when it is full, who has had a second makes room, oldest first, and otherwise nobody is let in", () => {
  const clock = new FakeClock();
  const room = new WaitingRoom(clock, 3);
  const turnedAway: number[] = [];
  const enter = (number: number) => {
    const waiting = { turnAway: () => void turnedAway.push(number) };
    if (!room.hasRoom()) return undefined;
    room.enter(waiting);
    return waiting;
  };
  const first = enter(0);
  clock.advance(500);
  enter(1);
  enter(2);
  expect([enter(3), room.size]).toEqual([undefined, 3]);
  clock.advance(500);
  expect(enter(4)).toBeDefined();
  expect([turnedAway, enter(5)]).toEqual([[0], undefined]);
  clock.advance(500);
  room.leave(first as never);
  enter(6);
  enter(7);
  expect([turnedAway, room.size]).toEqual([[0, 1, 2], 3]);
});

test("[T29] options against a plugin's schema: what does not fit is said, patterns are left to the plugin, and no schema is an issue of its own", async () => {
  const schema = {
    type: "object",
    properties: { n: { type: "integer" }, s: { type: "string", pattern: "^(a+)+$" } },
    additionalProperties: false,
  };
  expect(await checkOptions(schema, { n: 1, s: `${"a".repeat(60)}!` })).toEqual([]);
  expect(await checkOptions(schema, { n: 1.5, "a/b": 1 })).toEqual([
    { message: 'they must not have "a/b"', path: [] },
    { message: '"n" must be integer', path: ["n"] },
  ]);
  const [issue] = await checkOptions({ $ref: "https://example.org/schema" }, {});
  expect(issue?.message).toMatch(/^its "optionsSchema" cannot be used: /);
  expect((await checkOptions({ type: 7 }, {})).length).toBe(1);
});
