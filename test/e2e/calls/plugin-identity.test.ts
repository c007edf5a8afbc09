import { expect, test } from "vitest";
import {
  type CallContext,
  type Client,
  defineContract,
  implement,
  method,
  notification,
  type PluginIdentity,
  stream,
} from "../../../src/index.js";
import { connectInMemory } from "../../../src/testing/index.js";
import { clientFor, fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const work = defineContract("work", { run: method<string, string>() });
const ui = defineContract("ui", { ask: method<string, string>(), show: notification<string>(), deny: method() });

/** A client for a plugin that calls back, and what its host's handlers are told of it: by the notification, then by the call. */
function start(): { client: Client; told: (PluginIdentity | undefined)[] } {
  const told: (PluginIdentity | undefined)[] = [];
  const note = (_input: unknown, { plugin }: CallContext): string => {
    told.push(plugin);
    return "";
  };
  const handlers = { ask: note, show: (text: string, context: CallContext) => void note(text, context), deny: () => {} };
  return { client: clientFor("calls-back", { provides: [implement(ui, handlers)] }), told };
}

test("[T31] a host's handlers are told which plugin calls: the command, and an instance that no other process has", async () => {
  const plugins = [start(), start()];
  for (const { client } of plugins) await (await client.dispense(work)).run("a");
  const [first, second] = plugins.map(({ told }) => told);
  expect(first).toHaveLength(2);
  expect(first?.[0]).toEqual({ id: fixture("calls-back"), instance: expect.stringMatching(/^\d+$/) });
  expect(first?.[1]).toBe(first?.[0]);
  expect(second?.[0]?.id).toBe(first?.[0]?.id);
  expect(second?.[0]?.instance).not.toBe(first?.[0]?.instance);
  await Promise.all(plugins.map(({ client }) => client.kill()));
});

test("[T31] a plugin cannot say who it is: what its message says changes nothing, nor does a handler", async () => {
  const seen: unknown[] = [];
  const who = defineContract("who", { plugin: method<unknown, unknown>(), watch: stream<unknown, unknown>() });
  const told = implement(who, {
    plugin: (_input, { plugin }) => {
      seen.push(Object.isFrozen(plugin));
      return plugin;
    },
    async *watch(_input, { plugin }) {
      yield plugin;
    },
  });
  const asks = defineContract("asks", { call: method<unknown, unknown>(), read: method<unknown, unknown>(), own: method<void, boolean>() });
  await using connection = await connectInMemory({
    hostProvides: [told],
    provides: [
      implement(asks, {
        call: (input, { peer }) => peer.dispense(who).plugin(input),
        read: async (input, { peer }) => {
          for await (const item of peer.dispense(who).watch(input)) return item;
          return undefined;
        },
        own: (_input, context) => context.plugin === undefined && "plugin" in context,
      }),
    ],
  });
  const { call, read, own } = connection.dispense(asks);
  const identity = await call({ plugin: { id: "another", instance: "1" } });
  expect(identity).toEqual({ id: "in-memory", instance: expect.any(String) });
  expect(await read({ plugin: "another" })).toEqual(identity);
  expect(seen).toEqual([true]);
  expect(await own()).toBe(true);
});
