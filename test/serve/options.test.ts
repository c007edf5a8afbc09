import { expect, test } from "vitest";
import { defineContract, implement, method } from "../../src/index.js";
import { resolveServeOptions, type ServeOptions } from "../../src/serve/options.js";
import { serveMux } from "../../src/serve/serve-mux.js";
import { stderrLogger } from "../../src/serve/stderr-logger.js";
import { showValue } from "../../src/util/show-value.js";

const kv = implement(defineContract("kv", { get: method<string, string>() }), { get: (key) => key });

const LISTS = "and it must be a list of implement(…) results, or an object of such lists by apiVersion";
const cases: readonly (readonly [unknown, string])[] = [
  [undefined, "the options are undefined, and must be an object"],
  [[kv], "the options are a list, and must be an object"],
  [{}, `provides is undefined, ${LISTS}`],
  [{ provides: {} }, `provides is an object, ${LISTS}`],
  [{ provides: null }, `provides is null, ${LISTS}`],
  [{ provides: [{}] }, "provides[0] is an object, and it must be made with implement()"],
  [{ provides: [kv, kv] }, 'provides implements contract "kv" twice'],
  [{ provides: { 0: [] } }, "the version of provides[0] is 0, and it must be a whole number from 1"],
  [{ provides: { kv: [] } }, "the version of provides[kv] is NaN, and it must be a whole number from 1"],
  [{ provides: { 2: [{}] } }, "provides[2][0] is an object, and it must be made with implement()"],
  [{ provides: { 2: kv } }, "provides[2] is an object, and it must be a list of implement(…) results"],
  [{ provides: [], provide: [] }, 'there is no option "provide"; did you mean "provides"?'],
  [
    { provides: [], zzz: [] },
    'there is no option "zzz"; the options are handshake, provides, configure, health, limits, tls, standalone, validate, values, logger',
  ],
  [{ provides: [], tls: { cert: "x" } }, "tls.key is undefined, and it must be a text or a Buffer in PEM, or a list of them"],
  [{ provides: [], tls: { key: "x", cert: [] } }, "tls.cert is a list, and it must be a text or a Buffer in PEM, or a list of them"],
  ...[null, "", [], Buffer.alloc(0)].map(
    (ca) =>
      [
        { provides: [], tls: { cert: "x", key: "y", ca } },
        `tls.ca is ${showValue(ca)}, and it must be a text or a Buffer in PEM, or a list of them`,
      ] as const,
  ),
  [{ provides: [], tls: null }, "tls is null, and it must be an object with a key and a cert"],
  [{ provides: [], validate: null }, "validate is null, and it must be true or false"],
  [{ provides: [], validate: [] }, "validate is a list, and it must be true or false"],
  [{ provides: [], configure: "later" }, 'configure is "later", and it must be a function'],
  [{ provides: [], limits: { maxDepth: 1 } }, "limits.maxDepth is 1, and it must be a whole number from 8 to 1000"],
  [{ provides: [], limits: null }, "limits is null, and it must be an object with maxMessageBytes, "],
  [
    { provides: [], handshake: { magicCookieKey: "a b" } },
    'handshake.magicCookieKey is "a b", and it must be the name of an environment variable of your own',
  ],
  [{ provides: [], handshake: null }, "handshake is null, and it must be an object with apiVersion, magicCookieKey, magicCookieValue"],
  [{ provides: [], logger: { info() {} } }, "logger has no function debug, warn, error"],
  [{ provides: [], logger: null }, "logger has no function debug, info, warn, error"],
];

test.for(cases)("[O7] a mistake in the options of serve() is thrown by name: %j", ([options, sentence]) => {
  expect(() => resolveServeOptions(options as ServeOptions)).toThrow(`Cannot serve: ${sentence}`);
});

test("[O7, O24] provides is a list for the handshake's version, or lists for several", () => {
  expect([...resolveServeOptions({ provides: [kv], handshake: { apiVersion: 3 } }).provides]).toEqual([
    [3, { contracts: [kv], topics: [] }],
  ]);
  expect([...resolveServeOptions({ provides: { 1: [], 2: [kv] } }).provides]).toEqual([
    [1, { contracts: [], topics: [] }],
    [2, { contracts: [kv], topics: [] }],
  ]);
});

test("[O7] the log goes to stderr where nothing else is said", () => {
  expect(resolveServeOptions({ provides: [] }).logger).toBe(stderrLogger);
});

test("[O8] serveMux() without a plugin to choose from is a mistake of its caller", async () => {
  const sentence = "Cannot serve: serveMux() takes an object with one entry for each plugin";
  await expect(serveMux({})).rejects.toThrow(new TypeError(sentence));
  await expect(serveMux(undefined as never)).rejects.toThrow(new TypeError(sentence));
});
