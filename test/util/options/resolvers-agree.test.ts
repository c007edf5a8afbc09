import { expect, test } from "vitest";
import { discover, type Logger, NewClient } from "../../../src/index.js";
import { resolveServeOptions } from "../../../src/serve/options.js";
import { connectInMemory } from "../../../src/testing/index.js";
import { clientFor, fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { scripted } from "../../kit/script-channel.js";

gate();

/** All that take options, each with those that it needs besides, and how its sentences begin. */
const TAKERS: Readonly<Record<string, readonly [beginning: string, take: (options: object) => unknown]>> = {
  "NewClient()": ["Cannot create a client", (options) => NewClient({ command: "x", ...options })],
  "start()": [`Cannot start plugin "${fixture("echo")}"`, (options) => clientFor("echo").start(options)],
  "drain()": [`Cannot drain plugin "${fixture("echo")}"`, (options) => clientFor("echo").drain(options)],
  "serve()": ["Cannot serve", (options) => resolveServeOptions({ provides: [], ...options })],
  "a call": ['Cannot call "kv.get"', (options) => scripted().connection.call("kv.get", 1, options)],
  "a ping": ['Cannot call "rpc.ping"', (options) => scripted().connection.ping(options)],
  "discover()": ["Cannot discover plugins", (options) => discover("*", ".", options)],
  "connectInMemory()": ["Cannot connect in memory", (options) => connectInMemory({ provides: [], ...options })],
};

async function sentenceOf(taker: string, options: object): Promise<string> {
  const [beginning, take] = TAKERS[taker] as (typeof TAKERS)[string];
  const error = await Promise.resolve()
    .then(() => take(options))
    .then(
      () => new Error("nothing was thrown"),
      (thrown: Error) => thrown,
    );
  expect(error.message.slice(0, beginning.length + 2)).toBe(`${beginning}: `);
  return error.message.slice(beginning.length + 2);
}

const logger = { info() {} } as unknown as Logger;
const MISTAKES: readonly (readonly [what: string, options: object, takers: readonly string[], sentence: string | RegExp])[] = [
  ["a name that there is not", { zzz: 1 }, Object.keys(TAKERS), /^there is no option "zzz"; the options are \w+/],
  ["a signal that is none", { signal: new EventTarget() }, ["start()", "a call", "a ping"], /^signal is an EventTarget, and it must be an/],
  [
    "a time that is none",
    { timeoutMs: -1 },
    ["a call", "a ping"],
    "timeoutMs is -1, and it must be a number of milliseconds above 0, or Infinity",
  ],
  ["a logger without its functions", { logger }, ["NewClient()", "serve()"], "logger has no function debug, warn, error"],
  ["a flag that is none", { validate: 1 }, ["NewClient()", "serve()"], "validate is 1, and it must be true or false"],
  ["a function that is none", { configure: 1 }, ["serve()", "connectInMemory()"], "configure is 1, and it must be a function"],
  [
    "a list of something else",
    { provides: [1] },
    ["NewClient()", "serve()", "connectInMemory()"],
    "provides[0] is 1, and it must be made with implement()",
  ],
  [
    "a limit out of its range",
    { limits: { maxDepth: 1 } },
    ["NewClient()", "serve()"],
    "limits.maxDepth is 1, and it must be a whole number from 8 to 1000",
  ],
  [
    "a version that is none",
    { handshake: { apiVersion: 0 } },
    ["NewClient()", "serve()"],
    "handshake.apiVersion is 0, and it must be a whole number from 1",
  ],
];

for (const [what, options, takers, sentence] of MISTAKES) {
  test.for(takers)(`[R30] one mistake has one sentence, whoever is told it: ${what}, to %s`, async (taker) => {
    if (typeof sentence === "string") expect(await sentenceOf(taker, options)).toBe(sentence);
    else expect(await sentenceOf(taker, options)).toMatch(sentence);
  });
}
