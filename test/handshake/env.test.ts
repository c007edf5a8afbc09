import { expect, test } from "vitest";
import { isHandshakeName, readPluginEnv, writePluginEnv } from "../../src/handshake/env.js";
import { handshakeOf } from "../kit/options.js";

const SECRET = "ab".repeat(32);
const handshake = handshakeOf({ magicCookieKey: "KV_PLUGIN", magicCookieValue: "hello" });

test("readPluginEnv() reads what writePluginEnv() wrote", () => {
  const unix = {
    apiVersions: [2, 1],
    transport: "unix",
    minPort: 0,
    maxPort: 0,
    unixSocketDir: "/run/m",
    secret: SECRET,
    clientCert: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    lifeline: 3,
  } as const;
  const tcp = {
    apiVersions: [7],
    transport: "tcp",
    minPort: 10_000,
    maxPort: 25_000,
    unixSocketDir: undefined,
    secret: SECRET,
    lifeline: undefined,
  } as const;
  for (const env of [unix, tcp, { ...tcp, lifeline: "stdin" } as const]) expect(readPluginEnv(writePluginEnv(env, handshake))).toEqual(env);
});

test("readPluginEnv() takes version 1, TCP and any port where the host said nothing", () => {
  const { apiVersions, transport, minPort, maxPort, lifeline } = readPluginEnv({ PLUGIN_SECRET: SECRET });
  expect({ apiVersions, transport, minPort, maxPort, lifeline }).toEqual({
    apiVersions: [1],
    transport: "tcp",
    minPort: 0,
    maxPort: 0,
    lifeline: undefined,
  });
});

test.each(["", "fd:", "fd:x", "fd:-1", "fd:12345", "pipe:x"])("readPluginEnv() takes the lifeline %j for none that it knows", (text) => {
  expect(readPluginEnv({ PLUGIN_SECRET: SECRET, PLUGIN_LIFELINE: text }).lifeline).toBeUndefined();
});

test("writePluginEnv() sets no variable for what is not asked for", () => {
  const names = Object.keys(
    writePluginEnv(
      { apiVersions: [1], transport: "tcp", minPort: 0, maxPort: 0, unixSocketDir: undefined, secret: SECRET, lifeline: undefined },
      handshake,
    ),
  );
  expect(names).not.toContain("PLUGIN_LIFELINE");
  expect(names).not.toContain("PLUGIN_UNIX_SOCKET_DIR");
  expect(names).not.toContain("PLUGIN_CLIENT_CERT");
});

test.each([
  [
    { PLUGIN_SECRET: undefined },
    "Cannot start: there is no PLUGIN_SECRET, which a host makes for each start\n  Run by hand, a plugin that is in order comes this far and no further.",
  ],
  [{ PLUGIN_SECRET: "AB".repeat(32) }, "Cannot start: PLUGIN_SECRET must be 64 lower-case hex digits"],
  [
    { PLUGIN_TRANSPORT: "pipe" },
    'Cannot start: the host asks for transport "pipe" in PLUGIN_TRANSPORT, and this plugin has tcp, unix and websocket',
  ],
  [{ PLUGIN_TRANSPORT: "unix" }, "Cannot start: the transport is unix, and PLUGIN_UNIX_SOCKET_DIR names no directory for the socket"],
  [
    { PLUGIN_PROTOCOL_VERSIONS: "1,x" },
    'Cannot start: PLUGIN_PROTOCOL_VERSIONS is "1,x", and it must be whole numbers with commas between them',
  ],
  [{ PLUGIN_PROTOCOL_VERSIONS: "" }, 'Cannot start: PLUGIN_PROTOCOL_VERSIONS is "", and it must be whole numbers with commas between them'],
  [{ PLUGIN_MIN_PORT: "-1" }, 'Cannot start: PLUGIN_MIN_PORT is "-1", and it must be a port from 0 to 65535'],
  [{ PLUGIN_MAX_PORT: "65536" }, 'Cannot start: PLUGIN_MAX_PORT is "65536", and it must be a port from 0 to 65535'],
  [{ PLUGIN_MIN_PORT: "5", PLUGIN_MAX_PORT: "3" }, "Cannot start: PLUGIN_MIN_PORT 5 is above PLUGIN_MAX_PORT 3"],
])("readPluginEnv() says what is wrong with %j", (env, sentence) => {
  expect(() => readPluginEnv({ PLUGIN_SECRET: SECRET, ...env })).toThrow(new Error(sentence));
});

test("isHandshakeName() knows the cookie's own key and the PLUGIN_ variables, and no others", () => {
  const names = ["KV_PLUGIN", "PLUGIN_SECRET", "PLUGIN_CLIENT_CERT", "PLUGIN_HOME", "OTTO_PLUGIN_MAGIC_COOKIE", "toString"];
  expect(names.filter((name) => isHandshakeName(name, handshake))).toEqual(["KV_PLUGIN", "PLUGIN_SECRET", "PLUGIN_CLIENT_CERT"]);
});
