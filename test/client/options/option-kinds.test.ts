import { expect, test } from "vitest";
import { type ClientOptions, NewClient } from "../../../src/index.js";
import { clientFor, fixture, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();

function mistake(options: object): Error {
  try {
    NewClient({ command: "./plugin.js", ...options } as ClientOptions);
  } catch (error) {
    return error as Error;
  }
  return new Error("nothing was thrown");
}

/** Values that are no options object, as a sentence shows them. */
const NO_OPTIONS: readonly (readonly [unknown, string])[] = [
  [null, "null"],
  [0, "0"],
  ["", '""'],
  [true, "true"],
  [10n, "10n"],
  [Symbol("s"), "Symbol(s)"],
  [[], "a list"],
  [["x"], "a list"],
  [() => {}, "a function"],
  [new Map(), "a Map"],
  [new Date(), "a Date"],
  [Promise.resolve({}), "a Promise"],
];
const OBJECTS = {
  handshake: "an object with apiVersion, magicCookieKey, magicCookieValue",
  limits: "an object with maxMessageBytes, ",
  heartbeat: "false, or an object with intervalMs, timeoutMs",
  env: "an object of names and texts",
  checksum: "an object with algorithm, digest",
  tls: '"auto", or an object with ca, cert and key',
};

for (const [option, wanted] of Object.entries(OBJECTS)) {
  test.for(NO_OPTIONS)(`[O9, R30] ${option} must be an object of options, and is not %s`, ([value, shown]) => {
    const error = mistake({ [option]: value });
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`Cannot create a client: ${option} is ${shown}, and it must be ${wanted}`);
  });
}

for (const option of ["handshake", "limits", "heartbeat", "env"]) {
  test(`[O9] ${option} is taken as an object of any kind that holds options`, () => {
    class Options {}
    for (const value of [{}, Object.create(null), new Options(), Object.freeze({})]) {
      expect(mistake({ [option]: value }).message).toBe("nothing was thrown");
    }
  });
}

test("[O9] env is taken from what this process has, and from a module", async () => {
  const source = "data:text/javascript,export const maxDepth = 64";
  const module: unknown = await import(source);
  expect(mistake({ env: process.env }).message).toBe("nothing was thrown");
  expect(mistake({ limits: module }).message).toBe("nothing was thrown");
});

const bare = Object.create(null) as object;
const ms = (name: string, shown: string, wanted = "a number of milliseconds above 0"): string =>
  `Cannot create a client: ${name} is ${shown}, and it must be ${wanted}`;
const port = (name: string, shown: string): string =>
  `Cannot create a client: ${name} is ${shown}, and it must be a port from 1 to 65535, or both 0 for any`;
const names = "Cannot create a client: inheritEnv is $, and it must be true, false, or a list of the variables' names";
const other = (name: string, shown: string, wanted: string): string =>
  `Cannot create a client: ${name} is ${shown}, and it must be ${wanted}`;
const cases: readonly (readonly [object, string])[] = [
  [{ inheritEnv: null }, names.replace("$", "null")],
  [{ inheritEnv: [5] }, names.replace("$", "a list")],
  [{ cwd: 10n }, other("cwd", "10n", "a directory's path or file: URL")],
  [{ cwd: Symbol("s") }, other("cwd", "Symbol(s)", "a directory's path or file: URL")],
  [{ minPort: Symbol("s") }, port("minPort", "Symbol(s)")],
  [{ maxPort: bare }, port("maxPort", "an object")],
  [{ apiVersions: [Symbol("s")] }, other("apiVersions[0]", "Symbol(s)", "a whole number from 1")],
  [{ apiVersions: [bare] }, other("apiVersions[0]", "an object", "a whole number from 1")],
  [{ handshake: { apiVersion: 10n } }, other("handshake.apiVersion", "10n", "a whole number from 1")],
  [{ handshake: { magicCookieKey: 10n } }, other("handshake.magicCookieKey", "10n", "the name of an environment variable of your own")],
  [{ handshake: { magicCookieValue: 10n } }, other("handshake.magicCookieValue", "10n", "a text that is not empty, without NUL")],
  [{ limits: { maxDepth: Symbol("s") } }, other("limits.maxDepth", "Symbol(s)", "a whole number from 8 to 1000")],
  [{ limits: { maxDepth: bare } }, other("limits.maxDepth", "an object", "a whole number from 8 to 1000")],
  [{ startTimeoutMs: bare }, ms("startTimeoutMs", "an object")],
  [{ startTimeoutMs: "5" }, ms("startTimeoutMs", '"5"')],
  [{ managed: bare }, ms("managed", "an object", "true or false")],
  [{ transport: bare }, other("transport", "an object", '"tcp", "unix" or "websocket"')],
];

for (const [options, sentence] of cases) {
  test(`[O9, R30] a value of the wrong kind is shown as what it is: ${sentence}`, () => {
    expect(mistake(options)).toMatchObject({ message: sentence });
    expect(mistake(options)).toSatisfy((error) => error instanceof TypeError || error instanceof RangeError);
  });
}

const starts: readonly (readonly [unknown, string])[] = [
  [null, "the options are null, and must be an object"],
  [5, "the options are 5, and must be an object"],
  [new AbortController().signal, "the options are an AbortSignal, and must be an object"],
  [{ zzz: 1 }, 'there is no option "zzz"; the options are signal'],
  [{ signl: 1 }, 'there is no option "signl"; did you mean "signal"?'],
  [{ signal: 5 }, "signal is 5, and it must be an AbortSignal"],
  [{ signal: null }, "signal is null, and it must be an AbortSignal"],
  [{ signal: new EventTarget() }, "signal is an EventTarget, and it must be an AbortSignal"],
];

test.for(starts)("[O9, R30] start() refuses options that it cannot use, and starts nothing: %s", async ([options, fault]) => {
  const client = clientFor("echo");
  const error = await rejection(client.start(options as never));
  expect(error).toEqual(new TypeError(`Cannot start plugin "${fixture("echo")}": ${fault}`));
  expect(client.state).toBe("idle");
});

const drains: readonly (readonly [unknown, string])[] = [
  [null, "the options are null, and must be an object"],
  [{ zzz: 1 }, 'there is no option "zzz"; the options are timeoutMs'],
  [{ timeout: 1 }, 'there is no option "timeout"; did you mean "timeoutMs"?'],
  [{ timeoutMs: -1 }, "timeoutMs is -1, and it must be a number of milliseconds from 0, or Infinity"],
  [{ timeoutMs: "5" }, 'timeoutMs is "5", and it must be a number of milliseconds from 0, or Infinity'],
];

test.for(drains)("[R30] drain() refuses options that it cannot use, and ends nothing: %s", async ([options, fault]) => {
  const client = clientFor("echo");
  expect((await rejection(client.drain(options as never))).message).toBe(`Cannot drain plugin "${fixture("echo")}": ${fault}`);
  expect(client.state).toBe("idle");
});
