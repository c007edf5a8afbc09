import { expect, test } from "vitest";
import { defineContract, implement, method, notification } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";

const counter = defineContract("counter", { add: method<number, number>(), total: method<void, number>(), reset: notification() });

test("an instance of a class keeps its `this`, its private fields and what it inherits", async () => {
  class Base {
    protected sum = 0;
    reset(): void {
      this.sum = 0;
    }
  }
  class Counter extends Base {
    #calls = 0;
    add(n: number): number {
      this.#calls++;
      this.sum += n;
      return this.#calls;
    }
    total = (): number => this.sum;
  }
  const { host } = peerPair({ provides: [implement(counter, new Counter())] });
  const { add, total, reset } = host.dispense(counter);
  expect([await add(2), await add(3), await total()]).toEqual([1, 2, 5]);
  await reset();
  expect(await total()).toBe(0);
  await host.close();
});

test("a handler may return whatever await takes: promises of other libraries and functions with a then", async () => {
  const values: unknown[] = [
    // biome-ignore lint/suspicious/noThenProperty: A promise of another library.
    { then: (resolve: (value: number) => void) => resolve(1) },
    // biome-ignore lint/suspicious/noThenProperty: A function that await waits for.
    Object.assign(() => {}, { then: (resolve: (value: number) => void) => setImmediate(resolve, 2) }),
    Object.assign(Object.create(Promise.prototype), { constructor: Promise }),
    // biome-ignore lint/suspicious/noThenProperty: A promise of another library.
    { then: (_resolve: unknown, reject: (error: unknown) => void) => reject(new Error("four")) },
    {
      // biome-ignore lint/suspicious/noThenProperty: One that cannot be looked at.
      get then() {
        throw new Error("five");
      },
    },
    {
      // biome-ignore lint/suspicious/noThenProperty: One that settles twice.
      then(resolve: (value: number) => void, reject: (error: unknown) => void) {
        resolve(6);
        reject(new Error("late"));
        throw new Error("later");
      },
    },
  ];
  const get = defineContract("get", { get: method<number, unknown>() });
  const { host } = peerPair({ provides: [implement(get, { get: (n) => values[n] })] });
  const remote = host.dispense(get);
  expect([await remote.get(0), await remote.get(1), await remote.get(5)]).toEqual([1, 2, 6]);
  expect((await rejection(remote.get(2))).message).toContain("Promise.prototype.then called on incompatible receiver");
  expect((await rejection(remote.get(3))).message).toBe("four");
  expect((await rejection(remote.get(4))).message).toBe("five");
  expect(host.peer.open).toBe(true);
  await host.close();
});

test("[O20] a host's offer is called by the plugin during its own call, from the context, and after it", async () => {
  const work = defineContract("work", { run: method<number, string>(), later: method() });
  const ui = defineContract("ui", { ask: method<string, string>(), show: notification<string>() });
  const shown: string[] = [];
  let afterwards: (() => Promise<string>) | undefined;
  const { host } = peerPair({
    provides: [
      implement(work, {
        run: async (n, { peer }) => {
          const { ask, show } = peer.dispense(ui);
          await show(`running ${n}`);
          return `${await ask("name?")} ${n}`;
        },
        later: (_input, { peer }) => {
          afterwards = () => peer.dispense(ui).ask("still there?");
        },
      }),
    ],
    hostProvides: [implement(ui, { ask: (question) => `re: ${question}`, show: (text) => void shown.push(text) })],
  });
  const { run, later } = host.dispense(work);
  // Both directions number their own calls: the same ids are in use both ways at once.
  expect(await Promise.all([run(1), run(2)])).toEqual(["re: name? 1", "re: name? 2"]);
  expect(shown).toEqual(["running 1", "running 2"]);
  await later();
  expect(await afterwards?.()).toBe("re: still there?");
  await host.close();
});

test("[O20, P1] calls in both directions, each inside the other, settle; and one that is cancelled ends them all", async () => {
  const ping = defineContract("ping", { down: method<number, number>(), hold: method<number, number>() });
  const make = (seen: AbortSignal[]) =>
    implement(ping, {
      down: async (n, { peer }) => (n === 0 ? 0 : 1 + (await peer.dispense(ping).down(n - 1))),
      hold: async (n, { peer, signal }) => {
        seen.push(signal);
        return n === 0 ? new Promise(() => {}) : peer.dispense(ping).hold(n - 1, { signal });
      },
    });
  const seen: AbortSignal[] = [];
  const { host, plugin } = peerPair({ provides: [make(seen)], hostProvides: [make(seen)] });
  const remote = host.dispense(ping);
  expect(await remote.down(20)).toBe(20);
  const controller = new AbortController();
  const held = rejection(remote.hold(3, { signal: controller.signal }));
  while (seen.length < 4) await new Promise((resolve) => setImmediate(resolve));
  controller.abort("stop");
  expect(await held).toBe("stop");
  while (!seen.every(({ aborted }) => aborted)) await new Promise((resolve) => setImmediate(resolve));
  expect([host.peer.running, plugin.peer.running, host.peer.pending, plugin.peer.pending]).toEqual([0, 0, 0, 0]);
  await host.close();
});
