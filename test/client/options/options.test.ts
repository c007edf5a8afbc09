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
    [...names, "stderr", "stdin"].filter((name) => !["shown", "stdio", "hosted"].includes(name)).map((name) => [name, undefined]),
  );
  expect(resolveClientOptions({ command, ...options })).toEqual({ ...resolveClientOptions({ command }), logger: expect.anything() });
});

test("[O9] an option that does not exist is a TypeError that names the one that was meant, or those that exist", () => {
  expect(mistake({ startTimeout: 5 })).toBe('Cannot create a client: there is no option "startTimeout"; did you mean "startTimeoutMs"?');
  expect(mistake({ zzz: 5 })).toMatch(
    /^Cannot create a client: there is no option "zzz"; the options are command, interpreter, execArgv, reattach, handshake, .*startTimeoutMs/,
  );
  expect(() => NewClient(undefined as never)).toThrow(
    new TypeError("Cannot create a client: the options are undefined, and must be an object"),
  );
});

const COMMAND = "and it must be the plugin's file, as a path or file: URL, or a list of the file and its arguments";
const PORT = "and it must be a port from 1 to 65535, or both 0 for any";
const DIRECTORY = "and it must be a directory's path or file: URL";
const TIME = "and it must be a number of milliseconds above 0";
const cases: readonly (readonly [object, string])[] = [
  [{ command: undefined }, "it takes either command or reattach, and neither is given"],
  [{ reattach: {} }, "it takes either command or reattach, and both are given"],
  [{ heartbeat: true }, "heartbeat is true, and it must be false, or an object with intervalMs, timeoutMs"],
  [{ heartbeat: null }, "heartbeat is null, and it must be false, or an object with intervalMs, timeoutMs"],
  [{ heartbeat: { everyMs: 1 } }, 'there is no option "heartbeat.everyMs"; the options are intervalMs, timeoutMs'],
  [{ heartbeat: { intervallMs: 1 } }, 'there is no option "heartbeat.intervallMs"; did you mean "heartbeat.intervalMs"?'],
  [{ heartbeat: { intervalMs: 0 } }, `heartbeat.intervalMs is 0, ${TIME}`],
  [{ heartbeat: { timeoutMs: Number.POSITIVE_INFINITY } }, `heartbeat.timeoutMs is Infinity, ${TIME}`],
  [{ command: [] }, `command is a list, ${COMMAND}`],
  [{ command: "" }, `command is "", ${COMMAND}`],
  [{ command: ["a", 1] }, `command is a list, ${COMMAND}`],
  [{ command: ["a", "b\0"] }, "command holds a NUL character, which no program can be given"],
  [{ transport: "udp" }, 'transport is "udp", and it must be "tcp", "unix" or "websocket"'],
  [{ apiVersions: [] }, "apiVersions is empty, and it must be a list of at least one whole number from 1"],
  [{ apiVersions: 2 }, "apiVersions is 2, and it must be a list of at least one whole number from 1"],
  [{ apiVersions: [1, 0] }, "apiVersions[1] is 0, and it must be a whole number from 1"],
  // biome-ignore lint/suspicious/noSparseArray: That is the mistake.
  [{ apiVersions: [1, , 2] }, "apiVersions[1] is undefined, and it must be a whole number from 1"],
  [{ handshake: { apiVersion: 1.5 } }, "handshake.apiVersion is 1.5, and it must be a whole number from 1"],
  [{ minPort: 0, maxPort: 9 }, `minPort is 0, ${PORT}`],
  [{ maxPort: 65_536 }, `maxPort is 65536, ${PORT}`],
  [{ minPort: 1.5 }, `minPort is 1.5, ${PORT}`],
  [{ maxPort: "80" }, `maxPort is "80", ${PORT}`],
  [{ minPort: 9, maxPort: 8 }, "minPort 9 is above maxPort 8"],
  [{ cwd: 5 }, `cwd is 5, ${DIRECTORY}`],
  [{ cwd: "" }, `cwd is "", ${DIRECTORY}`],
  [{ cwd: new URL("http://x/") }, `cwd is "http://x/", ${DIRECTORY}`],
  [{ cwd: "a\0" }, `cwd is "a\\u0000", ${DIRECTORY}`],
  [{ cwd: new URL("file:///a%00b") }, `cwd is "file:///a%00b", ${DIRECTORY}`],
  [{ env: 5 }, "env is 5, and it must be an object of names and texts"],
  [{ env: { PORT: 80 } }, "env.PORT is 80, and it must be a text"],
  [{ env: { "A=B": "c" } }, 'env has the name "A=B", which no variable can have'],
  [{ env: { "": "c" } }, 'env has the name "", which no variable can have'],
  [{ env: { A: "b\0" } }, "env.A holds a NUL character, which no program can be given"],
  [{ env: { PLUGIN_SECRET: "x" } }, "env sets PLUGIN_SECRET, which the handshake sets itself"],
  [{ inheritEnv: "PATH" }, 'inheritEnv is "PATH", and it must be true, false, or a list of the variables\' names'],
  [{ startTimeoutMs: 0 }, `startTimeoutMs is 0, ${TIME}`],
  [{ startTimeoutMs: Infinity }, `startTimeoutMs is Infinity, ${TIME}`],
  [{ startTimeoutMs: "5" }, `startTimeoutMs is "5", ${TIME}`],
  [{ callTimeoutMs: Number.NaN }, `callTimeoutMs is NaN, ${TIME}, or Infinity`],
  [{ killTimeoutMs: -1 }, "killTimeoutMs is -1, and it must be a number of milliseconds from 0"],
  [{ killTimeoutMs: Infinity }, "killTimeoutMs is Infinity, and it must be a number of milliseconds from 0"],
  [{ managed: "yes" }, 'managed is "yes", and it must be true or false'],
  [{ validate: 0 }, "validate is 0, and it must be true or false"],
  [{ logger: {} }, "logger has no function debug, info, warn, error"],
  [{ logger: null }, "logger has no function debug, info, warn, error"],
  [{ runtime: {} }, "runtime has no function start"],
  [{ stderr: "file" }, "stderr has no function write, on"],
  [{ syncStdout: {} }, "syncStdout has no function write, on"],
  [{ stdin: "text" }, "stdin has no function pipe, on"],
  [{ limits: { depth: 1 } }, 'there is no option "limits.depth"; the options are maxMessageBytes, maxDepth, '],
  [{ provides: {} }, "provides is an object, and it must be a list of implement(…) results"],
];

test.for(cases)("[O9, F25] an option out of its range is refused by name: %j", ([options, sentence]) => {
  expect(mistake(options)).toContain(`Cannot create a client: ${sentence}`);
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
