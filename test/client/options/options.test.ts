import { spawnSync } from "node:child_process";
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { resolveClientOptions } from "../../../src/client/options/options.js";
import { type ClientOptions, defineContract, implement, method, NewClient } from "../../../src/index.js";
import { memoryLogger } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const command = "./plugin.js";

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof URL) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

function mistake(options: object): string {
  try {
    NewClient({ command, ...options } as ClientOptions);
  } catch (error) {
    expect(error).toSatisfy((thrown) => thrown instanceof TypeError || thrown instanceof RangeError);
    return (error as Error).message;
  }
  return "nothing was thrown";
}

test("[O9] NewClient() does no I/O: no process, descriptor, listener or file comes of it, for a command that does not exist too", () => {
  // The gate of this file compares all of these with what there was before.
  const client = NewClient({ command: "/no/such/plugin", transport: "unix", managed: false });
  expect([client.state, client.pid, client.negotiatedVersion]).toEqual(["idle", undefined, undefined]);
});

test("[O9] NewClient() takes a deeply frozen options object, and the same object serves for a second client", () => {
  const contract = defineContract("ui", { say: method<string, void>() });
  const options = deepFreeze({
    command: [command, "--fast"] as const,
    handshake: { apiVersion: 2, magicCookieKey: "MY_COOKIE", magicCookieValue: "v" },
    apiVersions: [1, 2],
    provides: [implement(contract, { say: () => {} })],
    config: { deep: { list: [1] } },
    cwd: pathToFileURL("/tmp/"),
    env: { A: "1" },
    inheritEnv: ["PATH"],
    limits: { maxDepth: 10 },
  });
  const before = JSON.stringify(options);
  expect(NewClient(options)).not.toBe(NewClient(options));
  expect(JSON.stringify(options)).toBe(before);
});

test("[O9] what a caller changes in the options after NewClient() has no effect", () => {
  const options = {
    command: ["a", "b"] as [string, string],
    env: { A: "1" } as Record<string, string>,
    apiVersions: [1],
    inheritEnv: ["X"],
  };
  const resolved = resolveClientOptions(options);
  options.command[0] = "c";
  options.env["A"] = "2";
  options.apiVersions.push(9);
  options.inheritEnv.push("Y");
  expect(resolved).toMatchObject({ command: ["a", "b"], env: { A: "1" }, apiVersions: [1], inheritEnv: ["X"] });
});

test("[O13, O14, O15] the defaults are Otto's: not managed, ports 10000 to 25000, all of the environment, nothing synced", () => {
  const { managed, minPort, maxPort, inheritEnv, cwd, transport, startTimeoutMs, callTimeoutMs, killTimeoutMs, stdio } =
    resolveClientOptions({ command });
  expect({ managed, minPort, maxPort, inheritEnv, cwd, transport }).toEqual({
    managed: false,
    minPort: 10_000,
    maxPort: 25_000,
    inheritEnv: true,
    cwd: undefined,
    transport: "tcp",
  });
  expect([startTimeoutMs, callTimeoutMs, killTimeoutMs]).toEqual([60_000, 60_000, 2_000]);
  expect(stdio).toEqual({ stderr: undefined, syncStdout: undefined, syncStderr: undefined, stdin: undefined });
});

test("[O9] an option that is undefined means its default", () => {
  const names = Object.keys(resolveClientOptions({ command })).filter((name) => name !== "command");
  const options = Object.fromEntries(
    [...names, "stderr", "stdin"].filter((name) => name !== "shown" && name !== "stdio").map((name) => [name, undefined]),
  );
  expect(resolveClientOptions({ command, ...options })).toEqual(resolveClientOptions({ command }));
});

test("[O9] an option that does not exist is a TypeError that names it and those that exist", () => {
  expect(mistake({ startTimeout: 5 })).toMatch(
    /^Cannot create a client: there is no option "startTimeout"; the options are command, reattach, handshake, .*startTimeoutMs/,
  );
  expect(() => NewClient(undefined as never)).toThrow(
    new TypeError("Cannot create a client: the options must be an object with a command"),
  );
});

const ms = (name: string, value: unknown, wanted: string): string =>
  `Cannot create a client: ${name} is ${value}, and it must be ${wanted}`;
const cases: readonly (readonly [object, string])[] = [
  [{ command: undefined }, "Cannot create a client: it takes either command or reattach, and neither is given"],
  [{ reattach: {} }, "Cannot create a client: it takes either command or reattach, and both are given"],
  [{ heartbeat: true }, "Cannot create a client: heartbeat is true, and it must be false, or intervalMs and timeoutMs"],
  [{ heartbeat: null }, "Cannot create a client: heartbeat is null, and it must be false, or intervalMs and timeoutMs"],
  [{ heartbeat: { everyMs: 1 } }, 'Cannot create a client: heartbeat has no option "everyMs"; it has intervalMs and timeoutMs'],
  [{ heartbeat: { intervalMs: 0 } }, "Cannot create a client: heartbeat.intervalMs is 0, and it must be a number of milliseconds above 0"],
  [
    { heartbeat: { timeoutMs: Number.POSITIVE_INFINITY } },
    "Cannot create a client: heartbeat.timeoutMs is Infinity, and it must be a number of milliseconds above 0",
  ],
  [{ command: [] }, "Cannot create a client: command must be the plugin's file, or a list of the file and its arguments"],
  [{ command: "" }, "Cannot create a client: command must be the plugin's file, or a list of the file and its arguments"],
  [{ command: ["a", 1] }, "Cannot create a client: command must be the plugin's file, or a list of the file and its arguments"],
  [{ command: ["a", "b\0"] }, "Cannot create a client: command holds a NUL character, which no program can be given"],
  [{ transport: "udp" }, 'Cannot create a client: transport is "udp", and it must be "tcp", "unix" or "websocket"'],
  [{ apiVersions: [] }, "Cannot create a client: apiVersions must be a list of at least one"],
  [{ apiVersions: [0] }, "Cannot use apiVersion 0: it must be a whole number from 1"],
  [{ handshake: { apiVersion: 1.5 } }, "Cannot use apiVersion 1.5: it must be a whole number from 1"],
  [{ minPort: 0, maxPort: 9 }, "Cannot create a client: minPort is 0, and it must be a port from 1 to 65535, or both 0 for any"],
  [{ maxPort: 65_536 }, "Cannot create a client: maxPort is 65536, and it must be a port from 1 to 65535, or both 0 for any"],
  [{ minPort: 1.5 }, "Cannot create a client: minPort is 1.5, and it must be a port from 1 to 65535, or both 0 for any"],
  [{ minPort: 9, maxPort: 8 }, "Cannot create a client: minPort 9 is above maxPort 8"],
  [{ cwd: 5 }, "Cannot create a client: cwd is 5, and it must be a directory's path or file: URL"],
  [{ cwd: new URL("http://x/") }, 'Cannot create a client: cwd is "http://x/", and it must be a directory\'s path or file: URL'],
  [{ cwd: "a\0" }, 'Cannot create a client: cwd is "a\\u0000", and it must be a directory\'s path or file: URL'],
  [{ cwd: new URL("file:///a%00b") }, 'Cannot create a client: cwd is "file:///a%00b", and it must be a directory\'s path or file: URL'],
  [{ env: 5 }, "Cannot create a client: env is 5, and it must be an object of names and texts"],
  [{ env: { "A=B": "c" } }, 'Cannot create a client: env has "A=B", and names and values must be texts without NUL'],
  [{ env: { A: "b\0" } }, 'Cannot create a client: env has "A", and names and values must be texts without NUL'],
  [{ env: { PLUGIN_SECRET: "x" } }, "Cannot create a client: env sets PLUGIN_SECRET, which the handshake sets itself"],
  [{ inheritEnv: "PATH" }, 'Cannot create a client: inheritEnv is "PATH", and it must be true, false, or a list of the variables\' names'],
  [{ startTimeoutMs: 0 }, ms("startTimeoutMs", 0, "a number of milliseconds above 0")],
  [{ startTimeoutMs: Infinity }, ms("startTimeoutMs", Infinity, "a number of milliseconds above 0")],
  [{ startTimeoutMs: "5" }, ms("startTimeoutMs", '"5"', "a number of milliseconds above 0")],
  [{ callTimeoutMs: Number.NaN }, ms("callTimeoutMs", Number.NaN, "a number of milliseconds above 0, or Infinity")],
  [{ killTimeoutMs: -1 }, ms("killTimeoutMs", -1, "a number of milliseconds from 0")],
  [{ killTimeoutMs: Infinity }, ms("killTimeoutMs", Infinity, "a number of milliseconds from 0")],
  [{ managed: "yes" }, 'Cannot create a client: managed is "yes", and it must be true or false'],
  [{ validate: 0 }, "Cannot create a client: validate is 0, and it must be true or false"],
  [{ logger: {} }, "Cannot create a client: logger has no function debug, info, warn, error"],
  [{ runtime: {} }, "Cannot create a client: runtime has no function start"],
  [{ stderr: "file" }, "Cannot create a client: stderr has no function write, on"],
  [{ syncStdout: {} }, "Cannot create a client: syncStdout has no function write, on"],
  [{ stdin: "text" }, "Cannot create a client: stdin has no function pipe, on"],
  [{ limits: { depth: 1 } }, 'Cannot use limit "depth": the limits are '],
  [{ provides: {} }, "Cannot use provides: it must be a list of implement(…) results"],
];

test.for(cases)("[O9, F25] an option out of its range is refused by name: %j", ([options, sentence]) => {
  expect(mistake(options)).toContain(sentence);
});

test("[O9, F68] the ends of the ranges are taken", () => {
  const stream = new PassThrough();
  const logger = memoryLogger();
  const ends = {
    callTimeoutMs: Infinity,
    killTimeoutMs: 0,
    startTimeoutMs: 0.5,
    minPort: 1,
    maxPort: 65_535,
    cwd: ".",
    env: {},
    inheritEnv: false,
  };
  expect(resolveClientOptions({ command, ...ends, logger, stderr: stream, stdin: stream })).toMatchObject(ends);
  expect(resolveClientOptions({ command, minPort: 0 })).toMatchObject({ minPort: 0, maxPort: 0 });
});

test("[O9] importing the package and making a client starts nothing that keeps a program alive", () => {
  const script =
    'import { NewClient } from "mortise"; NewClient({ command: "x", managed: true }); console.log(process.getActiveResourcesInfo().join());';
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  expect(status).toBe(0);
  expect(stdout).not.toMatch(/Timeout|TCP|Process/);
});
