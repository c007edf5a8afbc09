import { expect, test } from "vitest";
import { isHex32, isProof, prove, randomHex } from "../../src/handshake/proof.js";

// The test vector of docs/protocol.md: plugins in other languages rely on it.
const SECRET = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const host = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
const plugin = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
const PLUGIN_PROOF = "26411667091e96202c9589475508fcae9667707fa2dbc010ff96e41c384be62f";
const HOST_PROOF = "5c997944131abe9f25de4d5a3ef21a596b33da1bebdc1158592215e743a44d16";

test("[F42] the proofs are those of the test vector", () => {
  expect(prove("plugin", SECRET, { host, plugin })).toBe(PLUGIN_PROOF);
  expect(prove("host", SECRET, { host, plugin })).toBe(HOST_PROOF);
});

test("[F42] isProof() takes the proof of that side, secret and pair of challenges alone", () => {
  expect(isProof(PLUGIN_PROOF, "plugin", SECRET, { host, plugin })).toBe(true);
  expect(isProof(PLUGIN_PROOF, "host", SECRET, { host, plugin })).toBe(false);
  expect(isProof(PLUGIN_PROOF, "plugin", randomHex(), { host, plugin })).toBe(false);
  expect(isProof(PLUGIN_PROOF, "plugin", SECRET, { host: plugin, plugin: host })).toBe(false);
  expect(isProof(PLUGIN_PROOF, "plugin", SECRET, { host: randomHex(), plugin })).toBe(false);
});

test.each([undefined, null, 5, "", PLUGIN_PROOF.toUpperCase(), `${PLUGIN_PROOF}0`, PLUGIN_PROOF.slice(1), [PLUGIN_PROOF], { length: 64 }])(
  "[F42] isProof() takes no %j",
  (value) => {
    expect(isProof(value, "plugin", SECRET, { host, plugin })).toBe(false);
  },
);

test("randomHex() is 64 lower-case hex digits, another each time", () => {
  const values = Array.from({ length: 100 }, randomHex);
  expect(values.every(isHex32)).toBe(true);
  expect(new Set(values).size).toBe(100);
});
