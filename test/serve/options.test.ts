import { expect, test } from "vitest";
import { defineContract, implement, method } from "../../src/index.js";
import { resolveServeOptions, type ServeOptions } from "../../src/serve/options.js";
import { serveMux } from "../../src/serve/serve-mux.js";
import { stderrLogger } from "../../src/serve/stderr-logger.js";

const kv = implement(defineContract("kv", { get: method<string, string>() }), { get: (key) => key });

const cases: readonly (readonly [unknown, string])[] = [
  [undefined, "Cannot serve: the options must be an object with provides"],
  [{}, "Cannot serve: provides must be a list of implement(…) results, or one such list per apiVersion"],
  [{ provides: {} }, "Cannot serve: provides must be a list of implement(…) results, or one such list per apiVersion"],
  [{ provides: [{}] }, "Cannot use provides: each entry must be made with implement()"],
  [{ provides: [kv, kv] }, 'Cannot use provides: it implements contract "kv" twice'],
  [{ provides: { 0: [] } }, "Cannot use apiVersion 0: it must be a whole number from 1"],
  [{ provides: { 2: [{}] } }, "Cannot use provides[2]: each entry must be made with implement()"],
  [
    { provides: [], provide: [] },
    'Cannot serve: there is no option "provide"; the options are handshake, provides, configure, limits, tls, standalone, validate, logger',
  ],
  [{ provides: [], tls: { cert: "x" } }, "Cannot serve: tls must be an object with a key and a cert, each a text or a Buffer"],
  ...[null, "", [], Buffer.alloc(0)].map(
    (ca) =>
      [
        { provides: [], tls: { cert: "x", key: "y", ca } },
        "Cannot serve: tls.ca, by which a host's certificate is checked, must be a text or a Buffer in PEM, or a list of them",
      ] as const,
  ),
  [{ provides: [], tls: null }, "Cannot serve: tls must be an object with a key and a cert, each a text or a Buffer"],
  [{ provides: [], validate: null }, "Cannot serve: validate is null, and it must be true or false"],
  [{ provides: [], configure: "later" }, "Cannot serve: configure must be a function"],
  [{ provides: [], limits: { maxDepth: 1 } }, "Cannot use maxDepth 1: it must be a whole number from 8 to 1000"],
  [
    { provides: [], handshake: { magicCookieKey: "a b" } },
    'Cannot use magicCookieKey "a b": it must be the name of an environment variable',
  ],
  [
    { provides: [], handshake: null },
    "Cannot use handshake: it is null, and it must be an object with apiVersion, magicCookieKey, magicCookieValue",
  ],
  [{ provides: [], limits: null }, "Cannot use limits: they are null, and must be an object of numbers"],
  [{ provides: [], limits: [] }, "Cannot use limits: they are a list, and must be an object of numbers"],
  [{ provides: [], validate: [] }, "Cannot serve: validate is a list, and it must be true or false"],
  [{ provides: [], logger: { info() {} } }, "Cannot serve: logger has no function debug, warn, error"],
];

test.for(cases)("[O7] a mistake in the options of serve() is thrown by name: %j", ([options, sentence]) => {
  expect(() => resolveServeOptions(options as ServeOptions)).toThrow(sentence);
});

test("[O7, O24] provides is a list for the handshake's version, or lists for several", () => {
  expect([...resolveServeOptions({ provides: [kv], handshake: { apiVersion: 3 } }).provides]).toEqual([[3, [kv]]]);
  expect([...resolveServeOptions({ provides: { 1: [], 2: [kv] } }).provides]).toEqual([
    [1, []],
    [2, [kv]],
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
