import assert from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../src/index.js";
import { connectInMemory } from "../../src/testing/index.js";

/** What a value is made of, before it is one: a function and a stream can be made of it on either side of a comparison. */
type Plan =
  | { readonly is: "json"; readonly json: unknown }
  | { readonly is: "bytes"; readonly bytes: readonly number[] }
  | { readonly is: "function"; readonly answer: Plan }
  | { readonly is: "stream"; readonly items: readonly Plan[]; readonly times: number }
  | { readonly is: "array"; readonly entries: readonly Plan[] }
  | { readonly is: "object"; readonly entries: readonly (readonly [string, Plan])[] };

const key = fc.oneof(
  fc.string(),
  fc.constantFrom("__proto__", "constructor", "then", "length", "0", "", "a/b", "~", "~1", "%2f", "é\u2028"),
);
const json = fc.jsonValue({ maxDepth: 2 }).map((value): Plan => ({ is: "json", json: JSON.parse(JSON.stringify(value)) }));
const bytes = fc.array(fc.nat(255), { maxLength: 40 }).map((list): Plan => ({ is: "bytes", bytes: list }));
const nested = (leaf: fc.Arbitrary<Plan>): fc.Arbitrary<Plan> => {
  return fc.letrec<{ plan: Plan }>((tie) => ({
    plan: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.array(tie("plan"), { maxLength: 4 }).map((entries): Plan => ({ is: "array", entries })),
      fc
        .uniqueArray(fc.tuple(key, tie("plan")), { maxLength: 4, selector: ([name]) => name })
        .map((entries): Plan => ({ is: "object", entries })),
    ),
  })).plan;
};
/** What a result and an item may hold. */
const copied = nested(fc.oneof(json, bytes));
/** What an input may hold. */
const anything = nested(
  fc.oneof(
    json,
    bytes,
    copied.map((answer): Plan => ({ is: "function", answer })),
    // More than a reader gives credit for at first, too.
    fc.record({ is: fc.constant("stream" as const), items: fc.array(copied, { maxLength: 4 }), times: fc.constantFrom(1, 1, 150) }),
  ),
);

/** The value of a plan: with real functions and async iterables in it. */
function build(plan: Plan): unknown {
  switch (plan.is) {
    case "json":
      return plan.json;
    case "bytes":
      return Uint8Array.from(plan.bytes);
    case "function":
      // The other side's function, called back in the middle of the call.
      return async (given: unknown, ask: (question: unknown) => Promise<unknown>) => [given, await ask(given), build(plan.answer)];
    case "stream":
      return (async function* () {
        for (let time = 0; time < plan.times; time++) yield* plan.items.map(build);
      })();
    case "array":
      return plan.entries.map(build);
    case "object":
      return Object.fromEntries(plan.entries.map(([name, entry]) => [name, build(entry)]));
  }
}

/** A value without functions and streams: each is what it gives. */
async function explore(value: unknown): Promise<unknown> {
  if (typeof value === "function") {
    const given = [Uint8Array.of(1, 2), "given"];
    return { gives: await value(given, (question: unknown) => ["asked", question]) };
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Symbol.asyncIterator in value) {
    const items: unknown[] = [];
    for await (const item of value as AsyncIterable<unknown>) items.push(item);
    return { yields: items };
  }
  if (Array.isArray(value)) return Promise.all(value.map(explore));
  return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([name, entry]) => [name, await explore(entry)] as const)));
}

const attachmentPolicy = defineContract("attachmentPolicy", { explore: method<any, any>(), repeat: stream<any, any>() });
const implementation = implement(attachmentPolicy, {
  explore,
  async *repeat(input: AsyncIterable<unknown>) {
    for await (const item of input) yield item;
  },
});

test("any JSON value, with any number of bytes, functions and streams in it, arrives equal, and so does what it gives", async () => {
  await using connection = await connectInMemory({ provides: [implementation] });
  const remote = connection.dispense(attachmentPolicy);
  const property = fc.asyncProperty(anything, async (plan) => {
    const there = await remote.explore(build(plan));
    assert.deepStrictEqual(there, await explore(build(plan)));
  });
  await fc.assert(property, { numRuns: 300 });
  expect((connection as any).peer.pending).toBe(0);
});

test("any items come back equal and in order through a stream that reads a stream", async () => {
  await using connection = await connectInMemory({ provides: [implementation] });
  const remote = connection.dispense(attachmentPolicy);
  const items = fc.record({
    is: fc.constant("stream" as const),
    items: fc.array(copied, { maxLength: 6 }),
    times: fc.constantFrom(1, 100),
  });
  const property = fc.asyncProperty(items, async (plan) => {
    assert.deepStrictEqual(await explore(remote.repeat(build(plan))), await explore(build(plan)));
  });
  await fc.assert(property, { numRuns: 150 });
  expect((connection as any).peer.pending).toBe(0);
});
