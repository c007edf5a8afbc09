import { expect, test } from "vitest";
import { defineContract, method } from "../../src/index.js";
import { gist, startFailure } from "../client/start-failure.js";
import { clientFor } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";

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

test("[O25] a config that the handshake cannot carry fails the start by name, before the plugin gets it", async () => {
  const error = await startFailure(clientFor("configures", { config: { what: "x".repeat(70_000) } }));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "ready", exitCode: null, signal: null });
  expect(error.message).toMatch(
    /: its config, with what this host provides, takes 70\d{3} bytes, and the handshake carries 65536\n {2}Hand over the rest with a call, or name a file in the config\./,
  );
});
