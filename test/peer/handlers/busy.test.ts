import { expect, test } from "vitest";
import { defineContract, implement, method } from "../../../src/index.js";
import { recordsOf } from "../../kit/options.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

test("beyond maxPendingCalls a call rejects BUSY before anything is sent, in a macrotask, until an answer comes", async () => {
  const { connection, channel, clock } = scripted({ limits: { maxPendingCalls: 2 } });
  const calls = [1, 2].map((n) => outcome(connection.call("kv.get", n)));
  const third = outcome(connection.call("kv.get", 3));
  expect(channel.take()).toHaveLength(2);
  await settled();
  expect(third.state).toBe("pending");
  clock.runSoon();
  await settled();
  expect(third.value).toMatchObject({ code: "BUSY", message: 'Cannot call "kv.get": 2 calls to plugin "kv" wait for an answer already' });
  channel.answer(0, "yes");
  const fourth = outcome(connection.call("kv.get", 4));
  channel.answer(channel.take()[0].id, "also");
  await settled();
  expect([calls[0]?.value, calls[1]?.state, fourth.value]).toEqual(["yes", "pending", "also"]);
});

test("a call whose input cannot be sent, or that is given up, takes no place", async () => {
  const { connection, channel } = scripted({ limits: { maxPendingCalls: 1 } });
  const controller = new AbortController();
  await connection.call("kv.get", 1n).catch(() => {});
  const given = connection.call("kv.get", 1, { signal: controller.signal }).catch(() => "given up");
  controller.abort();
  expect(await given).toBe("given up");
  const call = connection.call("kv.get", 2);
  channel.answer(channel.take().at(-1).id, "room");
  expect(await call).toBe("room");
});

test("while the other side has not read what was sent, a call rejects BUSY and nothing is sent", async () => {
  const { connection, channel, clock } = scripted({ limits: { maxUnsentBytes: 1_024 } });
  channel.unsent = 1_025;
  const first = outcome(connection.call("kv.get", 1));
  const second = outcome(connection.call("kv.get", 2));
  clock.runSoon();
  await settled();
  expect([first.state, second.value.code]).toEqual(["pending", "BUSY"]);
  expect(second.value.message).toBe('Cannot call "kv.get": plugin "kv" has not read the last 1025 bytes');
  expect(channel.take()).toHaveLength(1);
  channel.drained();
  void connection.call("kv.get", 3).catch(() => {});
  expect(channel.take()).toHaveLength(1);
});

test("[F54] calls that run hold so many bytes of inputs and no more: beyond that they are answered BUSY, until one has its answer", async () => {
  const { connection, channel } = scripted({ limits: { maxRunningBytes: 2_048 } });
  const answers: ((value: unknown) => void)[] = [];
  const kv = defineContract("kv", { slow: method<unknown, unknown>(), quick: method<unknown, unknown>() });
  const slow = (): Promise<unknown> => new Promise((resolve) => answers.push(resolve));
  connection.provide(recordsOf([implement(kv, { slow, quick: () => "quick" })]));
  const ask = (id: number, length: number, member = "slow", refs?: object): void =>
    channel.say({ jsonrpc: "2.0", id, method: `kv.${member}`, params: ["x".repeat(length)], ...(refs && { refs }) });
  // One alone may be longer.
  ask(1, 3_000);
  ask(2, 10);
  expect([answers.length, channel.take()]).toEqual([
    1,
    [
      {
        jsonrpc: "2.0",
        id: 2,
        error: {
          code: -32002,
          message: expect.stringMatching(/^Cannot run "kv\.slow": calls that run hold 30\d\d bytes already \(limits\.maxRunningBytes\)$/),
        },
      },
    ],
  ]);
  answers[0]?.(1);
  await settled();
  ask(3, 900);
  ask(4, 900);
  ask(5, 900, "slow", {});
  ask(6, 900);
  expect(channel.take().map(({ id, error }) => [id, error?.code])).toEqual([
    [1, undefined],
    [5, -32002],
    [6, -32002],
  ]);
  // Given up or answered, each gives its bytes back.
  channel.say({ jsonrpc: "2.0", method: "rpc.cancel", params: { id: 3 } });
  answers[2]?.(4);
  await settled();
  ask(7, 900);
  ask(8, 900);
  ask(9, 100, "quick");
  expect(channel.take().map(({ id, error }) => [id, error?.code])).toEqual([
    [3, -32800],
    [4, undefined],
    [9, undefined],
  ]);
  expect(answers).toHaveLength(5);
});
