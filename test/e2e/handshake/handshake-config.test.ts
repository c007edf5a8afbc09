import { expect, test } from "vitest";
import { type Contract, defineContract, implement, method } from "../../../src/index.js";
import { gist, startFailure } from "../../client/start/start-failure.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const seen = defineContract("seen", { config: method<void, unknown>() });

test("a plugin gets the host's config, as JSON has it, before it is called", async () => {
  await using client = clientFor("configures", { config: { dir: "/data", sizes: [1, 2.5], none: null, gone: undefined, at: new Date(0) } });
  expect(await (await client.dispense(seen)).config()).toEqual({
    dir: "/data",
    sizes: [1, 2.5],
    none: null,
    at: "1970-01-01T00:00:00.000Z",
  });
});

test("a plugin gets {} where the host has no config", async () => {
  await using client = clientFor("configures");
  expect(await (await client.dispense(seen)).config()).toEqual({});
});

test("[W6, O25] a plugin that declines in configure() fails the start with its reason", async () => {
  const error = await startFailure(clientFor("configures", { config: { what: "decline", why: "there is no scanner on this machine" } }));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "ready", exitCode: null, signal: null });
  expect(error.message).toMatch(
    /^Cannot start plugin ".*": it declined to start: there is no scanner on this machine\n {2}last stderr line: configuring$/,
  );
});

const fill = (length: number): object => ({ what: "x".repeat(length) });
const many = (count: number): Contract => {
  const members = Array.from({ length: count }, (_, index) => [`member${index}`, method()] as const);
  return defineContract("many", Object.fromEntries(members));
};
const all = (contract: Contract) =>
  implement(contract, Object.fromEntries(Object.keys(contract.members).map((name) => [name, () => {}])) as never);

test.for([
  ["a config", { config: fill(70_000) }],
  ["what the host provides", { provides: [all(many(2_500))] }],
  ["a config, with what the host provides,", { config: fill(40_000), provides: [all(many(1_000))] }],
] as const)("[O25] %s that the handshake cannot carry fails the start by name, before anything runs", async ([, options]) => {
  const runtime = { start: () => Promise.reject(new Error("it was started")) };
  const error = await startFailure(clientFor("configures", { ...options, runtime }));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "options", exitCode: null, signal: null });
  expect(error.message).toMatch(
    /^Cannot start plugin ".*": its config, with what this host provides, takes \d{5} bytes, and the handshake carries 65536\n {2}Hand over the rest with a call, or name a file in the config\.$/,
  );
});

test("[O25] the longest config that the handshake carries arrives", async () => {
  const takes = async (length: number): Promise<number> => {
    const error = await rejection(clientFor("configures", { config: fill(length) }).start());
    return Number(/takes (\d+) bytes/.exec(error.message)?.[1]);
  };
  const rest = (await takes(70_000)) - 70_000;
  expect(await takes(65_536 - rest + 1)).toBe(65_537);
  await using client = clientFor("configures", { config: fill(65_536 - rest) });
  expect(await (await client.dispense(seen)).config()).toEqual(fill(65_536 - rest));
});
