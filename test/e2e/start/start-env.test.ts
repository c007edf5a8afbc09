import { afterEach, beforeEach, expect, test } from "vitest";
import { type ClientOptions, defineContract, MagicCookieKey, MagicCookieValue, method, NewClient } from "../../../src/index.js";
import { clientFor, fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
type Env = Record<string, string>;
const shows = defineContract("shows", {
  env: method<void, Env>(),
  childEnv: method<void, Env>(),
  argv: method<void, string[]>(),
  cwd: method<void, string>(),
});

// This process is a plugin itself, and has something to hide.
const OURS: Env = {
  PLUGIN_SECRET: "ours",
  PLUGIN_LIFELINE: "ours",
  PLUGIN_CLIENT_CERT: "ours",
  PLUGIN_UNIX_SOCKET_DIR: "ours",
  AWS_SECRET_ACCESS_KEY: "ours",
  SHARED: "ours",
};
beforeEach(() => void Object.assign(process.env, OURS));
afterEach(() => {
  for (const name of Object.keys(OURS)) delete process.env[name];
});

async function envOf(options: Partial<ClientOptions> = {}, which: "env" | "childEnv" = "env"): Promise<Env> {
  await using client = clientFor("shows-env", options);
  return (await client.dispense(shows))[which]();
}

test("[F26, O33] a plugin inherits the host's environment, and nothing of what the host's own host said", async () => {
  const { PATH, AWS_SECRET_ACCESS_KEY, SHARED, ...env } = await envOf();
  expect({ PATH, AWS_SECRET_ACCESS_KEY, SHARED }).toEqual({ PATH: process.env["PATH"], AWS_SECRET_ACCESS_KEY: "ours", SHARED: "ours" });
  expect(
    Object.keys(env)
      .filter((name) => name.startsWith("PLUGIN_"))
      .sort(),
  ).toEqual(["PLUGIN_DEPTH", "PLUGIN_LIFELINE", "PLUGIN_MAX_PORT", "PLUGIN_MIN_PORT", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_TRANSPORT"]);
  expect(env["PLUGIN_LIFELINE"]).toBe("fd:3");
  expect(env[MagicCookieKey]).toBe(MagicCookieValue);
});

test("[F26, O33] with inheritEnv false a plugin has the variables it was given, and no others", async () => {
  const env = await envOf({ inheritEnv: false, env: { MINE: "1" } });
  expect(env).toEqual({
    MINE: "1",
    [MagicCookieKey]: MagicCookieValue,
    PLUGIN_PROTOCOL_VERSIONS: "1",
    PLUGIN_TRANSPORT: "tcp",
    PLUGIN_MIN_PORT: "0",
    PLUGIN_MAX_PORT: "0",
    PLUGIN_LIFELINE: "fd:3",
    PLUGIN_DEPTH: "1",
  });
});

test("[F26, O33] with a list a plugin inherits what it names, and the caller's own variable wins", async () => {
  const env = await envOf({ inheritEnv: ["SHARED", "PLUGIN_SECRET", "PLUGIN_CLIENT_CERT"], env: { SHARED: "the caller's" } });
  expect(env["SHARED"]).toBe("the caller's");
  for (const name of ["AWS_SECRET_ACCESS_KEY", "PLUGIN_SECRET", "PLUGIN_CLIENT_CERT"]) expect(env).not.toHaveProperty(name);
});

test("[S20] the secret is gone from a plugin's environment once it serves, and its children never get it", async () => {
  expect(await envOf()).not.toHaveProperty("PLUGIN_SECRET");
  expect(await envOf({}, "childEnv")).not.toHaveProperty("PLUGIN_SECRET");
});

test("[F28] a script runs on this very Node.js, by absolute paths, in the cwd it was given", async () => {
  const cwd = new URL("../../fixtures/plugins/", import.meta.url);
  await using client = NewClient({ command: ["./shows-env.mjs", "a b", "$HOME;*"], cwd, minPort: 0, maxPort: 0 });
  const remote = await client.dispense(shows);
  expect(await remote.argv()).toEqual([process.execPath, fixture("shows-env"), "a b", "$HOME;*"]);
  expect(`${await remote.cwd()}/`).toBe(decodeURI(cwd.pathname));
});
