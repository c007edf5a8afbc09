import { expect, test } from "vitest";
import { explainCookie, readCookie, resolveHandshake } from "../../src/handshake/cookie.js";
import { given, handshakeOf } from "../kit/options.js";

test("[O3] readCookie() tells a missing cookie from a wrong one", () => {
  const handshake = handshakeOf({ magicCookieKey: "KV_PLUGIN", magicCookieValue: "hello" });
  const found = [{}, { KV_PLUGIN: "hallo" }, { KV_PLUGIN: "" }, { KV_PLUGIN: "hello" }].map((env) => readCookie(env, handshake));
  expect(found).toEqual(["missing", "wrong", "wrong", "ok"]);
});

test("[O3] explainCookie() says what a plugin is, and which variable has another cookie", () => {
  const handshake = handshakeOf({ magicCookieKey: "KV_PLUGIN" });
  expect(explainCookie("missing", handshake)).toBe("This is a plugin: it is started by another program and does nothing on its own.");
  expect(explainCookie("wrong", handshake)).toBe(
    "This is a plugin of another program than the one that started it: the magic cookie in KV_PLUGIN is not the one it knows.\n" +
      "  Give both programs the same handshake, or start the plugin that belongs to this program.",
  );
});

const KEY = "and it must be the name of an environment variable of your own";
const VALUE = "and it must be a text that is not empty, without NUL";
test.each<[unknown, Error]>([
  [{ apiVersion: 0 }, new RangeError("handshake.apiVersion is 0, and it must be a whole number from 1")],
  [{ apiVersion: 1.5 }, new RangeError("handshake.apiVersion is 1.5, and it must be a whole number from 1")],
  [{ apiVersion: "1" }, new TypeError('handshake.apiVersion is "1", and it must be a whole number from 1')],
  [{ magicCookieKey: "A B" }, new TypeError(`handshake.magicCookieKey is "A B", ${KEY}`)],
  [{ magicCookieKey: "" }, new TypeError(`handshake.magicCookieKey is "", ${KEY}`)],
  [{ magicCookieKey: "PLUGIN_SECRET" }, new TypeError(`handshake.magicCookieKey is "PLUGIN_SECRET", ${KEY}`)],
  [{ magicCookieValue: "" }, new TypeError(`handshake.magicCookieValue is "", ${VALUE}`)],
  [{ magicCookieValue: "a\0" }, new TypeError(`handshake.magicCookieValue is "a\\u0000", ${VALUE}`)],
  [{ magicCookieValu: "x" }, new TypeError('there is no option "handshake.magicCookieValu"; did you mean "handshake.magicCookieValue"?')],
  [{ cookie: "x" }, new TypeError('there is no option "handshake.cookie"; the options are apiVersion, magicCookieKey, magicCookieValue')],
  [null, new TypeError("handshake is null, and it must be an object with apiVersion, magicCookieKey, magicCookieValue")],
])("resolveHandshake() refuses %j", (handshake, error) => {
  const Kind = error.constructor as ErrorConstructor;
  expect(() => resolveHandshake(given({ handshake }))).toThrow(new Kind(`Cannot test: ${error.message}`));
});

test("[O2] resolveHandshake() takes undefined as the default", () => {
  expect(handshakeOf({ apiVersion: undefined, magicCookieKey: undefined, magicCookieValue: undefined })).toEqual(handshakeOf());
});
