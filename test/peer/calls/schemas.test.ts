import { expect, test } from "vitest";
import * as z from "zod";
import { defineContract, implement, method, notification, type Schema, stream } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";
import { settled } from "../../kit/script-channel.js";

/** A hand-written asynchronous validator: text of digits to the number that it spells. */
const digits: Schema<string, number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) =>
      typeof value === "string" && /^\d+$/.test(value)
        ? { value: Number(value) }
        : { issues: [{ message: "not digits", path: [{ key: "deep" }, 0] }] },
  },
};
const synchronous = z.string().regex(/^\d+$/, "not digits").transform(Number);

for (const [how, schema] of [
  ["synchronous", synchronous],
  ["asynchronous", digits],
] as const) {
  const kv = defineContract("kv", { get: method({ input: schema, output: schema }), note: notification({ input: schema }) });

  test(`with a ${how} schema that transforms, the sender's value crosses, and the receiver gets what the schema makes of it, once`, async () => {
    const seen: unknown[] = [];
    const { host } = peerPair({
      provides: [
        implement(kv, {
          get: (input) => {
            seen.push(input);
            return String(input + 1);
          },
          note: (input) => void seen.push(input),
        }),
      ],
    });
    const { get, note } = host.dispense(kv);
    expect(await get("41")).toBe(42);
    await note("7");
    await get("0");
    expect(seen).toEqual([41, 7, 0]);
    await host.close();
  });

  test(`with a ${how} schema the caller finds an input that does not fit, and sends nothing`, async () => {
    let ran = 0;
    const { host } = peerPair({ provides: [implement(kv, { get: () => String(++ran), note: () => void ran++ })] });
    const { get, note } = host.dispense(kv);
    for (const call of [get("x"), note("x")]) {
      const error = await rejection(call);
      expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_INPUT", issues: [{ message: "not digits" }] });
      expect(error.message).toMatch(
        /^Cannot call "kv\.(get|note)": the input does not fit its schema, as the caller found\n {2}.*not digits$/,
      );
    }
    expect([ran, host.peer.pending]).toEqual([0, 0]);
    await host.close();
  });

  test(`with a ${how} schema the provider finds an input that does not fit, from a caller that does not check`, async () => {
    let ran = 0;
    const { host, logger } = peerPair({
      provides: [implement(kv, { get: () => String(++ran), note: () => void ran++ })],
      hostValidates: false,
    });
    const { get, note } = host.dispense(kv);
    await note("x");
    const error = await rejection(get("x"));
    expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_INPUT", issues: [{ message: "not digits" }] });
    expect(error.message).toMatch(/^Cannot call "kv\.get": the input does not fit its schema, as the provider found/);
    expect(ran).toBe(0);
    expect(logger.records.map(({ message }) => message)).toEqual(['The handler of "kv.note" failed']);
    await host.close();
  });

  test(`with a ${how} schema the provider finds a result that does not fit, and logs it`, async () => {
    for (const later of [false, true]) {
      const { host, logger } = peerPair({ provides: [implement(kv, { get: () => (later ? Promise.resolve("x") : "x"), note: () => {} })] });
      const error = await rejection(host.dispense(kv).get("1"));
      expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_OUTPUT", issues: [{ message: "not digits" }] });
      expect(error.message).toMatch(/^Cannot call "kv\.get": the output does not fit its schema, as the provider found/);
      expect(logger.records).toHaveLength(1);
      await host.close();
    }
  });

  test(`with a ${how} schema the caller finds a result that does not fit, from a provider that does not check`, async () => {
    const { host } = peerPair({ provides: [implement(kv, { get: () => "x", note: () => {} })], pluginValidates: false });
    const error = await rejection(host.dispense(kv).get("1"));
    expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_OUTPUT", issues: [{ message: "not digits" }] });
    expect(error.message).toMatch(/^Cannot call "kv\.get": the output does not fit its schema, as the caller found/);
    await host.close();
  });

  test(`with validate: false on both sides a ${how} schema is not looked at`, async () => {
    const { host } = peerPair({
      provides: [implement(kv, { get: (input: unknown) => input as string, note: () => {} })],
      hostValidates: false,
      pluginValidates: false,
    });
    expect(await host.dispense(kv).get("x")).toBe("x");
    await host.close();
  });
}

test("[O19] calls are sent in the order in which they are made, with a synchronous schema and without one", async () => {
  const order: string[] = [];
  const kv = defineContract("kv", { plain: method<string>(), checked: method({ input: z.string() }) });
  const { host } = peerPair({ provides: [implement(kv, { plain: (s) => void order.push(s), checked: (s) => void order.push(s) })] });
  const { plain, checked } = host.dispense(kv);
  await Promise.all([checked("1"), plain("2"), checked("3"), plain("4")]);
  expect(order).toEqual(["1", "2", "3", "4"]);
  await host.close();
});

test("a result of nothing fits a schema that takes undefined, and stays null for one that takes null", async () => {
  const kv = defineContract("kv", {
    nothing: method({ output: z.void() }),
    maybe: method({ output: z.string().optional() }),
    nullable: method({ output: z.string().nullable() }),
    text: method({ output: z.string() }),
  });
  const nothing = (): undefined => undefined;
  const { host } = peerPair({
    provides: [implement(kv, { nothing, maybe: nothing, nullable: () => null, text: nothing as never })],
    pluginValidates: false,
  });
  const remote = host.dispense(kv);
  expect([await remote.nothing(), await remote.maybe(), await remote.nullable()]).toEqual([undefined, undefined, null]);
  expect((await rejection(remote.text())).message).toMatch(/received null/);
  await host.close();
});

test("a schema that throws, instead of telling what does not fit, rejects the call with what it threw", async () => {
  const broken: Schema<string> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: () => {
        throw new Error("broken schema");
      },
    },
  };
  const kv = defineContract("kv", { input: method({ input: broken }), output: method({ output: broken }) });
  const { host } = peerPair({ provides: [implement(kv, { input: () => {}, output: () => "x" })], pluginValidates: false });
  const remote = host.dispense(kv);
  for (const call of [remote.input("x"), remote.output()]) expect((await rejection(call)).message).toBe("broken schema");
  await host.close();
  const { host: trusting } = peerPair({ provides: [implement(kv, { input: () => {}, output: () => "x" })], hostValidates: false });
  const blind = trusting.dispense(kv);
  for (const call of [blind.input("x"), blind.output()]) {
    expect(await rejection(call)).toMatchObject({ code: "REMOTE_ERROR", message: "broken schema" });
  }
  await trusting.close();
});

test.each([undefined, null, "fine"])("a schema that gives %j, and no result, rejects the call with a sentence", async (given) => {
  const odd: Schema<string> = { "~standard": { version: 1, vendor: "test", validate: () => given as never } };
  const kv = defineContract("kv", { input: method({ input: odd }), output: method({ output: odd }) });
  const { host } = peerPair({ provides: [implement(kv, { input: () => {}, output: () => "x" })], pluginValidates: false });
  const { input, output } = host.dispense(kv);
  const gave = `its schema gave ${given}, and must give { value } or { issues }`;
  expect((await rejection(input("x"))).message).toBe(`Cannot check the input of "kv.input": ${gave}`);
  expect((await rejection(output())).message).toBe(`Cannot check the output of "kv.output": ${gave}`);
  await host.close();
});

test("[P1] a call's deadline begins with the call, and covers the check of its input", async () => {
  const checks: ((result: { value: number }) => void)[] = [];
  const slow: Schema<number> = {
    "~standard": { version: 1, vendor: "test", validate: () => new Promise((resolve) => checks.push(resolve)) },
  };
  const kv = defineContract("kv", { get: method({ input: slow }), list: stream({ input: slow }), note: notification({ input: slow }) });
  let ran = 0;
  const never = (): Promise<never> => new Promise(() => ran++);
  const handlers = { get: never, list: never as never, note: () => void ran++ };
  const { host, clock } = peerPair({ provides: [implement(kv, handlers)], pluginValidates: false });
  const { get, list, note } = host.dispense(kv);
  const unchecked = (name: string, ms: number) =>
    `Gave up the call of "kv.${name}": its schema did not check the input in ${ms} ms; it was not sent`;
  const early = [get(1, { timeoutMs: 100 }), get(1, { maxTotalMs: 90 }), list(1, { timeoutMs: 80 })[Symbol.asyncIterator]().next()];
  const rejections = early.map((call) => rejection(call as Promise<unknown>));
  clock.advance(100);
  expect(await Promise.all(rejections)).toMatchObject([
    { code: "CALL_TIMEOUT", message: unchecked("get", 100) },
    { code: "CALL_TIMEOUT", message: unchecked("get", 90) },
    { code: "CALL_TIMEOUT", message: unchecked("list", 80) },
  ]);
  // The connection's own deadline, and what is left of one.
  const patient = [rejection(get(1)), rejection(get(1, { timeoutMs: 100 }))] as const;
  clock.advance(60);
  checks.at(-1)?.({ value: 1 });
  await settled();
  expect(ran).toBe(1);
  clock.advance(40);
  expect((await patient[1]).message).toMatch(/did not answer in 40 ms/);
  clock.advance(60_000);
  expect((await patient[0]).message).toBe(unchecked("get", 60_000));
  // A notification has no deadline but its own.
  const noted = note(1);
  clock.advance(1_000_000);
  checks.at(-1)?.({ value: 1 });
  await noted;
  await host.ping();
  expect(ran).toBe(2);
  await host.close();
});

test("[F69] a call that is aborted while its input is checked rejects at once, and is never sent", async () => {
  let ran = 0;
  let letGo: (() => void) | undefined;
  const slow: Schema<number> = {
    "~standard": { version: 1, vendor: "test", validate: () => new Promise((resolve) => (letGo = () => resolve({ value: 1 }))) },
  };
  const kv = defineContract("kv", { get: method({ input: slow }) });
  const { host } = peerPair({ provides: [implement(kv, { get: () => void ran++ })], pluginValidates: false });
  const controller = new AbortController();
  const call = rejection(host.dispense(kv).get(1, { signal: controller.signal }));
  controller.abort("never mind");
  expect(await call).toBe("never mind");
  letGo?.();
  await host.ping();
  expect(ran).toBe(0);
  await host.close();
});

test("[F71] a call that is cancelled while its input is checked there does not reach the handler", async () => {
  let letGo: (() => void) | undefined;
  let ran = 0;
  const slow: Schema<number> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => new Promise((resolve) => (letGo = () => resolve({ value: value as number }))),
    },
  };
  const kv = defineContract("kv", { get: method({ input: slow }) });
  const { host, plugin } = peerPair({ provides: [implement(kv, { get: () => void ran++ })], hostValidates: false });
  const controller = new AbortController();
  const call = rejection(host.dispense(kv).get(1, { signal: controller.signal }));
  await host.ping();
  expect(plugin.peer.running).toBe(1);
  controller.abort("stop");
  await call;
  await host.ping();
  expect(plugin.peer.running).toBe(0);
  letGo?.();
  await host.ping();
  expect(ran).toBe(0);
  await host.close();
});

test("a plugin that drains waits for results that are still being checked", async () => {
  const kv = defineContract("kv", { get: method({ output: digits }) });
  const { host, plugin } = peerPair({ provides: [implement(kv, { get: () => "5" })] });
  const answer = host.dispense(kv).get();
  await host.ping();
  await plugin.peer.drain(1_000);
  expect(await answer).toBe(5);
  await host.close();
});

test("a hundred thousand issues are told in a message of usual size", async () => {
  const kv = defineContract("kv", { get: method({ input: z.array(z.string()) }) });
  const { host } = peerPair({ provides: [implement(kv, { get: () => {} })], hostValidates: false });
  const error = await rejection(host.dispense(kv).get(Array(100_000).fill(1) as never));
  expect(error).toMatchObject({ code: "INVALID_INPUT", message: expect.stringMatching(/and 99995 more$/) });
  expect(error["issues"]).toHaveLength(100);
  await host.close();
});

test("calls are delivered in the order in which they were made; one whose input is checked asynchronously once that is done", async () => {
  const slow: Schema<number, number> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async (value) => {
        for (let turns = 0; turns < (value as number); turns++) await settled();
        return { value: value as number };
      },
    },
  };
  const seen: number[] = [];
  const kv = defineContract("kv", { checked: method({ input: slow }), plain: method<number, void>() });
  const own = defineContract("kv", { checked: method<number, void>(), plain: method<number, void>() });
  const note = (n: number): void => void seen.push(n);
  const { host } = peerPair({ provides: [implement(own, { checked: note, plain: note })] });
  const { checked, plain } = host.dispense(kv);
  await Promise.all([checked(50), plain(1), checked(20), plain(2), plain(3)]);
  expect(seen).toEqual([1, 2, 3, 20, 50]);
  await host.close();
});
