import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      timeoutMs: fc.constantFrom(10, 50, 1_000, Number.POSITIVE_INFINITY),
      aborts: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("answer" as const, "fail" as const, "abort" as const), which: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("advance" as const, "stall" as const), ms: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("settle" as const, "close" as const, "lose" as const), unwritten: fc.nat(3) }) },
);

test("[P1, F50, F65, F69] whatever happens in whatever order, every call settles exactly once, and nothing is left behind", async () => {
  const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): Promise<void> => {
    const { connection, channel, clock } = scripted({ limits: { maxPendingCalls: 8 } });
    const calls: { seen: ReturnType<typeof outcome>; controller: AbortController | undefined }[] = [];
    for (const one of steps) {
      if (one.do === "call") {
        const controller = one.aborts ? new AbortController() : undefined;
        calls.push({ seen: outcome(connection.call("kv.get", 1, { timeoutMs: one.timeoutMs, signal: controller?.signal })), controller });
      } else if (one.do === "answer" && !channel.ended) channel.answer(one.which, "answer");
      else if (one.do === "fail" && !channel.ended) channel.fail(one.which, { code: -32000, message: "failed" });
      else if (one.do === "abort") calls[one.which]?.controller?.abort();
      else if (one.do === "advance") clock.advance(one.ms);
      else if (one.do === "stall") clock.stall(one.ms);
      else if (one.do === "settle") await settled();
      else if (one.do === "close") void connection.close();
      else if (one.do === "lose" && !channel.ended) channel.end(undefined, one.unwritten);
    }
    if (!channel.ended) channel.end();
    clock.advance(0);
    clock.runSoon();
    await settled();
    expect(calls.map(({ seen }) => seen.times)).toEqual(calls.map(() => 1));
    expect(calls.every(({ controller }) => controller === undefined || getEventListeners(controller.signal, "abort").length === 0)).toBe(
      true,
    );
    expect([connection.peer.pending, clock.timers]).toEqual([0, 0]);
    await connection.closed;
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), run), { numRuns: 300 });
});
