import { expect, test } from "vitest";
import { type ClientOptions, resolveClientOptions } from "../../../src/client/options/options.js";
import { pathOf, pluginEnvironment } from "../../../src/client/start/environment.js";
import { rejection } from "../../kit/fixtures.js";

const TOLD = {
  apiVersions: [1],
  transport: "tcp",
  minPort: 1,
  maxPort: 2,
  unixSocketDir: undefined,
  secret: "ab".repeat(32),
  lifeline: "stdin",
} as const;
const INHERITED = {
  HOME: "/root",
  LANG: "C",
  PLUGIN_SECRET: "the host's own",
  PLUGIN_PROTOCOL_VERSIONS: "99",
  PLUGIN_UNIX_SOCKET_DIR: "/run/the-host",
  PLUGIN_CLIENT_CERT: "the host's own",
  PLUGIN_LIFELINE: "the host's own",
  PLUGIN_HOME: "not the handshake's",
  OTTO_PLUGIN_MAGIC_COOKIE: "the host's own",
  UNSET: undefined,
};
const environment = (options: Partial<ClientOptions> = {}, inherited: Record<string, string | undefined> = INHERITED) =>
  pluginEnvironment(resolveClientOptions({ command: "x", ...options }), TOLD, inherited);
const OWN = {
  OTTO_PLUGIN_MAGIC_COOKIE: "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f",
  PLUGIN_PROTOCOL_VERSIONS: "1",
  PLUGIN_TRANSPORT: "tcp",
  PLUGIN_MIN_PORT: "1",
  PLUGIN_MAX_PORT: "2",
  PLUGIN_SECRET: "ab".repeat(32),
  PLUGIN_LIFELINE: "stdin",
};

test("[F26, O33] a plugin inherits everything but what the host's own host told it", () => {
  expect(environment()).toEqual({ HOME: "/root", LANG: "C", PLUGIN_HOME: "not the handshake's", ...OWN });
});

test("[F26, O33] with inheritEnv false a plugin inherits nothing", () => {
  expect(environment({ inheritEnv: false })).toEqual(OWN);
});

test("[F26, O33] with a list a plugin inherits the variables in it, and never the handshake's", () => {
  const inheritEnv = ["LANG", "MISSING", "PLUGIN_SECRET", "PLUGIN_CLIENT_CERT", "PLUGIN_UNIX_SOCKET_DIR", "__proto__"];
  expect(environment({ inheritEnv })).toEqual({ LANG: "C", ...OWN });
});

test("[O33] a variable of the caller's wins over the host's own, inherited or not", () => {
  expect(environment({ env: { LANG: "en", MORE: "1" }, inheritEnv: ["LANG"] })).toEqual({ LANG: "en", MORE: "1", ...OWN });
  expect(environment({ env: { LANG: "en" }, inheritEnv: false })).toEqual({ LANG: "en", ...OWN });
});

test("[F26] a host that is a plugin itself hands its own cookie to no plugin with another one", () => {
  const env = environment({ handshake: { magicCookieKey: "KV_PLUGIN", magicCookieValue: "hello" } });
  expect(env["KV_PLUGIN"]).toBe("hello");
  expect(env).not.toHaveProperty("OTTO_PLUGIN_MAGIC_COOKIE");
});

test.each([
  "PLUGIN_SECRET",
  "PLUGIN_PROTOCOL_VERSIONS",
  "PLUGIN_TRANSPORT",
  "PLUGIN_MIN_PORT",
  "PLUGIN_MAX_PORT",
  "PLUGIN_UNIX_SOCKET_DIR",
  "PLUGIN_CLIENT_CERT",
  "PLUGIN_LIFELINE",
  "OTTO_PLUGIN_MAGIC_COOKIE",
])("[O33] a caller cannot set %s", async (name) => {
  const error = await rejection(Promise.resolve().then(() => environment({ env: { [name]: "x" } })));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toBe(`Cannot create a client: env sets ${name}, which the handshake sets itself`);
});

test("pathOf() is the PATH, where there is one", () => {
  expect(pathOf({ HOME: "/root", PATH: "/bin" })).toBe("/bin");
  expect(pathOf({ HOME: "/root" })).toBe(undefined);
});
