import { expect, test } from "vitest";
import { defineContract, implement, method, PluginError, stream } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";
import { settled } from "../../kit/script-channel.js";

type Work = { readonly on: (...args: any[]) => any };
const jobs = defineContract("jobs", { run: method<Work, unknown>(), keep: method<Work>(), each: stream<Work, unknown>() });

/** A plugin whose handlers do what the test says with the function that they get. */
function scene(run: (on: (...args: any[]) => Promise<any>) => unknown) {
  let kept: ((...args: any[]) => Promise<any>) | undefined;
  const pair = peerPair({
    provides: [
      implement(jobs, {
        run: ({ on }) => run(on as (...args: any[]) => Promise<any>),
        keep: ({ on }) => void (kept = on as (...args: any[]) => Promise<any>),
        async *each({ on }) {
          for (let n = 0; ; n++) yield await on(n);
        },
      }),
    ],
  });
  const { peer: host } = pair.host;
  const { peer: plugin } = pair.plugin;
  const left = (): number[] =>
    [
      host.pending,
      plugin.pending,
      host.running,
      plugin.running,
      host.openStreams,
      plugin.openStreams,
      host.lentFunctions,
      plugin.lentFunctions,
    ].filter(Boolean);
  return { ...pair, left, remote: pair.host.dispense(jobs), kept: () => kept as (...args: any[]) => Promise<any> };
}

test("a function in an input is an async function on the other side, and gets and gives values", async () => {
  const { remote, left, host } = scene(async (on) => [await on(1, "two"), await on(), on instanceof Function]);
  const calls: unknown[][] = [];
  const on = (...args: unknown[]): unknown => {
    calls.push(args);
    return args.length === 0 ? undefined : { args };
  };
  expect(await remote.run({ on })).toEqual([{ args: [1, "two"] }, null, true]);
  expect([calls, left()]).toEqual([[[1, "two"], []], []]);
  await host.close();
});

test("arguments and results may hold bytes, and arguments functions too, lent for the length of their own call", async () => {
  let late: ((text: string) => Promise<unknown>) | undefined;
  const { remote, left, host } = scene(async (on) => {
    const answer = await on(Uint8Array.of(1, 2), (text: string) => `${text}!`);
    return [answer, answer instanceof Uint8Array];
  });
  const on = async (bytes: Uint8Array, shout: (text: string) => Promise<string>): Promise<unknown> => {
    late = shout;
    return Buffer.from(`${await shout("hey")} ${bytes.length}`);
  };
  const [answer, areBytes] = (await remote.run({ on })) as [Uint8Array, boolean];
  expect([Buffer.from(answer).toString(), answer.constructor, areBytes, left()]).toEqual(["hey! 2", Uint8Array, true, []]);
  expect(await rejection(late?.("again") as Promise<unknown>)).toMatchObject({
    code: "NOT_SENT",
    message:
      'Cannot call "callback of callback of jobs.run": the call that lent it is over, and it lasts no longer\n  Await all use of it before the handler returns.',
  });
  await host.close();
});

test("a callback that is called after its call rejects with a plain sentence, and nothing is sent", async () => {
  const { remote, kept, left, plugin, host } = scene(() => {});
  await remote.keep({ on: () => "never" });
  const { sent } = plugin.peer.counters;
  expect(await rejection(kept()())).toMatchObject({
    code: "NOT_SENT",
    message:
      'Cannot call "callback of jobs.keep": the call that lent it is over, and it lasts no longer\n  Await all use of it before the handler returns.',
  });
  expect([plugin.peer.counters.sent, left()]).toEqual([sent, []]);
  await host.close();
});

test("[F128] what a callback throws reaches the handler as the error of the other side, and both sides live", async () => {
  const { remote, left, host, logger } = scene(async (on) => {
    const error = await rejection(on());
    return [error["code"], error.message, error["remoteName"], error["remoteCode"], error["data"]];
  });
  const on = (): never => {
    throw Object.assign(new RangeError("not that"), { code: "LOW", data: { least: 5 } });
  };
  expect(await remote.run({ on })).toEqual(["REMOTE_ERROR", "not that", "RangeError", "LOW", { least: 5 }]);
  expect(await remote.run({ on: async () => on() })).toEqual(["REMOTE_ERROR", "not that", "RangeError", "LOW", { least: 5 }]);
  expect(logger.records[0]).toMatchObject({
    message: 'The handler of "callback of jobs.run" failed',
    fields: { error: { message: "not that" } },
  });
  expect(left()).toEqual([]);
  await host.close();
});

test("[F128] what a callback throws keeps its name and code where the handler lets it through", async () => {
  const { remote, host } = scene((on) => on());
  const on = (): never => {
    throw Object.assign(new RangeError("not that"), { code: "LOW", data: { least: 5 }, cause: new TypeError("why") });
  };
  expect(await rejection(remote.run({ on }))).toMatchObject({
    code: "REMOTE_ERROR",
    message: "not that",
    remoteName: "RangeError",
    remoteCode: "LOW",
    data: { least: 5 },
    cause: { message: "why", remoteName: "TypeError" },
  });
  await host.close();
});

test("a refusal that a callback throws is a refusal to the handler", async () => {
  const { remote, host } = scene(async (on) => (await rejection(on()))["code"]);
  const on = (): never => {
    throw new PluginError("UNAUTHORIZED", "Not for you");
  };
  expect(await remote.run({ on })).toBe("UNAUTHORIZED");
  await host.close();
});

test("[F57] an argument or a result that cannot be sent is a clear error on the side that made it", async () => {
  const { remote, host } = scene(async (on) => [(await rejection(on({ n: 5n }))).message, (await rejection(on(1))).message]);
  expect(await remote.run({ on: () => () => {} })).toEqual([
    'Cannot call "callback of jobs.run": its input cannot be sent (what is at "/args/0/n" is a BigInt, which JSON cannot carry)',
    'Cannot answer "callback of jobs.run": its result cannot be sent (it is a function, and only the input of a method or a stream may carry those)',
  ]);
  await host.close();
});

test("10,000 calls of a callback are answered each with its own result, and leave nothing", async () => {
  const { remote, left, host } = scene((on) => Promise.all(Array.from({ length: 10_000 }, (_, n) => on(n))));
  expect(await remote.run({ on: (n: number) => n * 2 })).toEqual(Array.from({ length: 10_000 }, (_, n) => n * 2));
  expect(left()).toEqual([]);
  await host.close();
});

test("the callbacks of a stream's input live until the stream ends", async () => {
  const { remote, left, host, plugin } = scene(() => {});
  const items: unknown[] = [];
  for await (const item of remote.each({ on: (n: number) => n * 2 })) {
    items.push(item);
    if (items.length === 1) expect(host.peer.lentFunctions).toBe(1);
    if (items.length === 600) break;
  }
  for (let turn = 0; turn < 4; turn++) await settled();
  expect([items.at(-1), left(), plugin.peer.open]).toEqual([1_198, [], true]);
  await host.close();
});

test("a function is called as often as it stands in the input, and by what it is there", async () => {
  const both = defineContract("both", { run: method<{ a: () => string; list: (() => string)[] }, string[]>() });
  const pair = peerPair({ provides: [implement(both, { run: async ({ a, list }) => Promise.all([a(), ...list.map((one) => one())]) })] });
  const same = (): string => "same";
  expect(await pair.host.dispense(both).run({ a: same, list: [same, () => "other"] })).toEqual(["same", "same", "other"]);
  expect(pair.host.peer.lentFunctions).toBe(0);
  await pair.host.close();
});

test("an input that is a function alone is one on the other side", async () => {
  const alone = defineContract("alone", { run: method<(text: string) => string, string>() });
  const pair = peerPair({ provides: [implement(alone, { run: (ask) => ask("who?") })] });
  expect(await pair.host.dispense(alone).run((text) => `${text} nobody`)).toBe("who? nobody");
  await pair.host.close();
});
