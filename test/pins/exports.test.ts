import { expect, test } from "vitest";
import * as connectors from "../../src/connectors/index.js";
import * as contract from "../../src/contract/index.js";
import * as many from "../../src/host/index.js";
import * as host from "../../src/index.js";
import * as plugin from "../../src/serve/index.js";
import * as testing from "../../src/testing/index.js";

const CONTRACT = [
  "ConflictError",
  "IncompatibleError",
  "ManifestError",
  "NotReadyError",
  "PluginError",
  "RemoteError",
  "StartError",
  "ValidationError",
  "VetoError",
  "action",
  "collect",
  "credentials",
  "deepMerge",
  "defineContract",
  "defineTopics",
  "event",
  "first",
  "hook",
  "implement",
  "isPluginError",
  "method",
  "notification",
  "optional",
  "stream",
  "veto",
];
const HANDSHAKE = ["APIVersion", "MagicCookieKey", "MagicCookieValue"];

test("mortise/contract exports these names and no others", () => {
  expect(Object.keys(contract).sort()).toEqual([...CONTRACT].sort());
});

test("mortise/plugin exports these names and no others", () => {
  expect(Object.keys(plugin).sort()).toEqual([...CONTRACT, ...HANDSHAKE, "connect", "serve", "serveMux"].sort());
});

test("mortise exports these names and no others", () => {
  expect(Object.keys(host).sort()).toEqual(
    [...CONTRACT, ...HANDSHAKE, "NewClient", "cleanupClients", "discover", "discoverPlugins", "killed"].sort(),
  );
});

test("mortise/host exports these names and no others", () => {
  expect(Object.keys(many).sort()).toEqual(["Host", "core", "loadConfig", "parseRuntimeProvider"]);
});

test("mortise/connectors exports these names and no others", () => {
  expect(Object.keys(connectors).sort()).toEqual(["PluginError", "isPluginError", "merge", "websocketClient", "websocketServer"]);
});

test("mortise/testing exports these names and no others", () => {
  expect(Object.keys(testing).sort()).toEqual(["connectInMemory"]);
});
