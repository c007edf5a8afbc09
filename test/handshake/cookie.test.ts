import { expect, test } from "vitest";
import { explainCookie, type Handshake, readCookie, resolveHandshake } from "../../src/handshake/cookie.js";

test("[O3] readCookie() tells a missing cookie from a wrong one", () => {
  const handshake = resolveHandshake({ magicCookieKey: "KV_PLUGIN", magicCookieValue: "hello" });
  const found = [{}, { KV_PLUGIN: "hallo" }, { KV_PLUGIN: "" }, { KV_PLUGIN: "hello" }].map((env) => readCookie(env, handshake));
  expect(found).toEqual(["missing", "wrong", "wrong", "ok"]);
});

test("[O3] explainCookie() says what a plugin is, and which variable has another cookie", () => {
  const handshake = resolveHandshake({ magicCookieKey: "KV_PLUGIN" });
  expect(explainCookie("missing", handshake)).toBe("This is a plugin: it is started by another program and does nothing on its own.");
  expect(explainCookie("wrong", handshake)).toBe(
    "This is a plugin of another program than the one that started it: the magic cookie in KV_PLUGIN is not the one it knows.\n" +
      "  Give both programs the same handshake, or start the plugin that belongs to this program.",
  );
});

test.each([
  [{ apiVersion: 0 }, new RangeError("Cannot use apiVersion 0: it must be a whole number from 1")],
  [{ apiVersion: 1.5 }, new RangeError("Cannot use apiVersion 1.5: it must be a whole number from 1")],
  [{ magicCookieKey: "A B" }, new TypeError('Cannot use magicCookieKey "A B": it must be the name of an environment variable')],
  [{ magicCookieKey: "" }, new TypeError('Cannot use magicCookieKey "": it must be the name of an environment variable')],
  [
    { magicCookieKey: "PLUGIN_SECRET" },
    new TypeError('Cannot use magicCookieKey "PLUGIN_SECRET": the handshake has another use for that variable'),
  ],
  [{ magicCookieValue: "" }, new TypeError('Cannot use magicCookieValue "": it must be a text that is not empty')],
  [{ magicCookieValue: "a\0" }, new TypeError('Cannot use magicCookieValue "a\\u0000": it must be a text that is not empty')],
  [{ cookie: "x" }, new TypeError('Cannot use handshake: there is no "cookie" in it; it has apiVersion, magicCookieKey, magicCookieValue')],
])("resolveHandshake() refuses %j", (handshake, error) => {
  expect(() => resolveHandshake(handshake as Handshake)).toThrow(error);
});

test("[O2] resolveHandshake() takes undefined as the default", () => {
  expect(resolveHandshake({ apiVersion: undefined, magicCookieKey: undefined, magicCookieValue: undefined })).toEqual(resolveHandshake());
});
