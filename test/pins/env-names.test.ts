import { expect, test } from "vitest";
import { writePluginEnv } from "../../src/handshake/env.js";
import { COMPILE_CACHE, EnvName, STANDALONE } from "../../src/handshake/env-names.js";
import { MagicCookieKey, MagicCookieValue } from "../../src/index.js";
import { handshakeOf } from "../kit/options.js";

test("[O2] the default handshake is Otto's", () => {
  expect(MagicCookieKey).toBe("OTTO_PLUGIN_MAGIC_COOKIE");
  expect(MagicCookieValue).toBe("11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f");
  expect(handshakeOf()).toEqual({
    apiVersion: 1,
    magicCookieKey: "OTTO_PLUGIN_MAGIC_COOKIE",
    magicCookieValue: "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f",
  });
});

test("the variables of the handshake keep their names", () => {
  expect(EnvName).toEqual({
    protocolVersions: "PLUGIN_PROTOCOL_VERSIONS",
    transport: "PLUGIN_TRANSPORT",
    minPort: "PLUGIN_MIN_PORT",
    maxPort: "PLUGIN_MAX_PORT",
    unixSocketDir: "PLUGIN_UNIX_SOCKET_DIR",
    secret: "PLUGIN_SECRET",
    clientCert: "PLUGIN_CLIENT_CERT",
    lifeline: "PLUGIN_LIFELINE",
    depth: "PLUGIN_DEPTH",
  });
  expect(STANDALONE).toBe("MORTISE_STANDALONE");
  expect(COMPILE_CACHE).toBe("MORTISE_COMPILE_CACHE");
});

test("what a host writes keeps its form", () => {
  const env = {
    apiVersions: [2, 1],
    transport: "unix",
    minPort: 10_000,
    maxPort: 25_000,
    unixSocketDir: "/run/m",
    secret: "ab".repeat(32),
    clientCert: "PEM",
    lifeline: 3,
    depth: 3,
  } as const;
  expect(writePluginEnv(env, handshakeOf({ magicCookieKey: "KV_PLUGIN", magicCookieValue: "hello" }))).toEqual({
    KV_PLUGIN: "hello",
    PLUGIN_PROTOCOL_VERSIONS: "2,1",
    PLUGIN_TRANSPORT: "unix",
    PLUGIN_MIN_PORT: "10000",
    PLUGIN_MAX_PORT: "25000",
    PLUGIN_UNIX_SOCKET_DIR: "/run/m",
    PLUGIN_SECRET: "ab".repeat(32),
    PLUGIN_CLIENT_CERT: "PEM",
    PLUGIN_LIFELINE: "fd:3",
    PLUGIN_DEPTH: "3",
  });
});
