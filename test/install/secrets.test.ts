import { expect, test } from "vitest";
import { MASK, maskSecrets, secretsOf, secretTexts, unmaskSecrets } from "../../src/install/manifest/secrets.js";

const SECRET = { type: "string", writeOnly: true };
const SCHEMA = {
  type: "object",
  properties: {
    key: SECRET,
    name: { type: "string" },
    nested: { properties: { token: SECRET, "a/b": SECRET } },
    list: { items: { properties: { password: SECRET } } },
    ref: { $ref: "#/$defs/login" },
    either: { anyOf: [{ type: "null" }, SECRET] },
    any: { additionalProperties: SECRET },
    whole: { type: "object", writeOnly: true },
  },
  $defs: { login: { properties: { pin: SECRET, again: { $ref: "#/$defs/login" } } } },
};
const SETTINGS = {
  key: "s-key",
  name: "n",
  nested: { token: "s-token", "a/b": "s-slash" },
  list: [{ password: "s-one", user: "u" }, { password: "s-two" }],
  ref: { pin: "s-pin" },
  either: "s-either",
  any: { x: "s-any" },
  whole: { deep: ["s-deep"] },
};

test("[S28] every secret is masked, wherever the schema says it, and nothing else", () => {
  const masked = maskSecrets(SETTINGS, secretsOf(SCHEMA));
  expect(JSON.stringify(masked)).not.toContain("s-");
  expect(masked).toMatchObject({ key: MASK, name: "n", list: [{ password: MASK, user: "u" }, { password: MASK }], whole: MASK });
  expect(maskSecrets({ name: "n" }, secretsOf(SCHEMA))).toEqual({ name: "n" });
});

test("[S28] a secret that is written back masked stays what it was; a new one is taken", () => {
  const secrets = secretsOf(SCHEMA);
  expect(unmaskSecrets(maskSecrets(SETTINGS, secrets), secrets, SETTINGS)).toEqual(SETTINGS);
  expect(unmaskSecrets({ key: "new", nested: { token: MASK } }, secrets, SETTINGS)).toEqual({ key: "new", nested: { token: "s-token" } });
});

test("the texts of secrets are found for logs", () => {
  expect(secretTexts(SETTINGS, secretsOf(SCHEMA)).sort()).toEqual([
    "s-any",
    "s-deep",
    "s-either",
    "s-key",
    "s-one",
    "s-pin",
    "s-slash",
    "s-token",
    "s-two",
  ]);
});
