import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { defineContract, implement, method, notification, stream } from "../../src/index.js";
import { connectInMemory } from "../../src/testing/index.js";
import { safeLogger } from "../../src/util/safe-logger.js";
import { peerPair } from "../kit/peer-pair.js";

const user = new AsyncLocalStorage<string>();
const who = (): string => user.getStore() ?? "nobody";
const asks = defineContract("asks", {
  who: method<void, string>(),
  call: method<{ f: () => string }, string>(),
  read: method<AsyncIterable<string>, string[]>(),
  back: method<void, string>(),
  note: notification<void>(),
  list: stream<void, string>(),
});
const host = defineContract("host", { who: method<void, string>() });

function provider(noted: string[] = []) {
  return implement(asks, {
    who,
    call: async ({ f }) => await f(),
    async read(items) {
      const all: string[] = [];
      for await (const item of items) all.push(item);
      return all;
    },
    back: (_input, { peer }) => peer.dispense(host).who(),
    note: () => void noted.push(who()),
    async *list() {
      yield who();
      await undefined;
      yield who();
    },
  });
}

test("a handler runs in nobody's asynchronous context, and what was lent in that of who lent it, whoever opened the connection", async () => {
  const noted: string[] = [];
  const provides = [provider(noted)];
  const connection = await user.run("Alice", () => connectInMemory({ provides, hostProvides: [implement(host, { who })] }));
  const remote = connection.dispense(asks);
  await user.run("Bob", async () => {
    expect([await remote.who(), await remote.call({ f: who }), await remote.back()]).toEqual(["nobody", "Bob", "nobody"]);
    const mine = async function* () {
      yield who();
      await undefined;
      yield who();
    };
    expect(await remote.read(mine())).toEqual(["Bob", "Bob"]);
    await remote.note();
    const items: string[] = [];
    for await (const item of remote.list()) items.push(item);
    expect([items, noted, who()]).toEqual([["nobody", "nobody"], ["nobody"], "Bob"]);
  });
  await connection.close();
});

test("each of many callers at once gets its own callback in its own context", async () => {
  const { host: near } = peerPair({ provides: [provider()] });
  const { call } = near.dispense(asks);
  const names = Array.from({ length: 20 }, (_, n) => `user ${n}`);
  expect(await Promise.all(names.map((name) => user.run(name, () => call({ f: who }))))).toEqual(names);
  await near.close();
});

test("a logger is called in nobody's context", () => {
  const heard: string[] = [];
  const log = (): void => void heard.push(who());
  const logger = safeLogger({ debug: log, info: log, warn: log, error: log });
  user.run("Alice", () => logger.info("x"));
  expect(heard).toEqual(["nobody"]);
});
