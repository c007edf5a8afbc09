import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { newIdentity } from "../../../src/peer/plugin-identity.js";
import { peerPair } from "../../kit/peer-pair.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const kv = defineContract("kv", { get: method<{ f?: () => void } | void, unknown>(), list: stream<void, number>() });
const fail = (): never => {
  throw Object.assign(new RangeError("bad"), { cause: new TypeError("deep") });
};

async function placedHere(call: () => Promise<unknown>): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("It resolved");
}

test("an error's stack leads to who awaits the call, whatever it failed by", async () => {
  const provides = [
    implement(kv, {
      get: fail,
      async *list() {
        yield 1;
        fail();
      },
    }),
  ];
  const { host } = peerPair({ provides });
  const { get, list } = host.dispense(kv);
  const read = async (): Promise<void> => {
    for await (const _ of list());
  };
  const begins = "RemoteError: bad\n    at callFailed ";
  for (const call of [get, () => host.call("kv.get"), read]) {
    const { stack = "" } = await placedHere(() => call());
    expect(stack.startsWith(begins), stack).toBe(true);
    expect(stack).toMatch(/at (async )?placedHere /);
  }
  const { connection, channel, clock } = scripted();
  const late = placedHere(() => connection.call("kv.get", 1, { timeoutMs: 5 }));
  const lost = placedHere(() => connection.call("kv.get", 1));
  clock.advance(5);
  expect((await late).stack).toMatch(/at (async )?placedHere /);
  channel.end();
  expect((await lost).stack).toMatch(/at (async )?placedHere /);
  await host.close();
});

test("the reason of a signal is the caller's own: its stack stays", async () => {
  const { connection } = scripted();
  const reason = new Error("mine");
  const { stack } = reason;
  const controller = new AbortController();
  const call = placedHere(() => connection.call("kv.get", 1, { signal: controller.signal }));
  controller.abort(reason);
  expect([await call, reason.stack]).toEqual([reason, stack]);
});

test("a RemoteError names the plugin, the contract and the member, of its causes too, and of a callback those it was lent to", async () => {
  const { connection, channel } = scripted({ identity: newIdentity("kv-1") });
  const call = outcome(connection.call("a/b.kv.get", 1));
  channel.fail(0, { code: -32000, message: "bad", data: { name: "RangeError", cause: { name: "TypeError", message: "deep" } } });
  await settled();
  const origin = { plugin: "kv-1", contract: "a/b.kv", member: "get" };
  expect(call.value).toMatchObject({ ...origin, message: "bad", cause: { ...origin, message: "deep" } });
  const { host } = peerPair({
    provides: [
      implement(kv, {
        get: (input) => (input as { f: () => Promise<void> }).f(),
        async *list() {},
      }),
    ],
  });
  const error = await placedHere(() => host.dispense(kv).get({ f: fail }));
  expect(error).toMatchObject({ plugin: undefined, contract: "kv", member: "get", message: "bad" });
  await host.close();
});
