import { expect, test } from "vitest";
import { defineContract, implement, stream } from "../../../src/index.js";
import { peerPair } from "../../kit/peer-pair.js";
import { outcome, settled } from "../../kit/script-channel.js";

const never = new Promise<number>(() => {});
const source = defineContract("source", { read: stream<void, number>() });

test("a source that waits for what never comes, and so never closes, is waited for as long as a call may take, and told", async () => {
  const read = async function* () {
    yield 1;
    yield never;
  };
  const { host, plugin, clock, logger } = peerPair({ provides: [implement(source, { read })] });
  const iterator = host.dispense(source).read()[Symbol.asyncIterator]();
  expect(await iterator.next()).toEqual({ done: false, value: 1 });
  await iterator.return?.();
  while (plugin.peer.openStreams > 0) await settled();
  expect(plugin.peer.running).toBe(1);
  const drained = outcome(plugin.peer.drain(120_000));
  clock.advance(59_999);
  await settled();
  expect([plugin.peer.running, drained.state]).toEqual([1, "pending"]);
  clock.advance(1);
  await settled();
  expect([plugin.peer.running, drained.state]).toEqual([0, "resolved"]);
  expect(logger.records).toEqual([
    {
      level: "warn",
      message: 'The source of stream "source.read" has not closed in 60000 ms: it is not waited for any longer',
      fields: undefined,
    },
  ]);
  await host.close();
});

test("one that closes leaves no timer, nor does one whose connection ends", async () => {
  const read = async function* () {
    yield 1;
    yield never;
  };
  const { host, plugin, clock } = peerPair({ provides: [implement(source, { read })] });
  const iterator = host.dispense(source).read()[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
  while (plugin.peer.openStreams > 0) await settled();
  await host.close();
  await plugin.closed;
  expect(clock.timers).toBe(0);
});
