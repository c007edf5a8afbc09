import { expect, test } from "vitest";
import { defineContract, method } from "../../../src/index.js";
import { gist, startFailure } from "../../client/start/start-failure.js";
import { clientFor } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const which = defineContract("which", { version: method<void, number>() });

for (const [ours, theirs, agreed] of [
  [[1, 2], [2, 3], 2],
  [[3, 1, 2], [1, 2, 3], 3],
  [[10, 9], [9, 2], 9],
  [[7], [7], 7],
] as const) {
  test(`[O24] of ${ours} here and ${theirs} there the apiVersion ${agreed} wins, with its own contracts`, async () => {
    await using client = clientFor("speaks-versions", { args: theirs.map(String), apiVersions: ours });
    expect(client.negotiatedVersion).toBe(undefined);
    expect(await (await client.dispense(which)).version()).toBe(agreed);
    expect(client.negotiatedVersion).toBe(agreed);
    expect((await client.client()).apiVersion).toBe(agreed);
  });
}

test("[O24] no common apiVersion fails the start, and the error names both lists", async () => {
  const client = clientFor("speaks-versions", { args: ["4", "5"], apiVersions: [2, 1] });
  const error = await startFailure(client);
  expect(gist(error)).toEqual({ code: "VERSION_MISMATCH", step: "hello", exitCode: null, signal: null });
  expect(error.message).toBe(
    `Cannot start plugin "${error.command}": it speaks apiVersion 4, 5, and this host speaks 2, 1: they have none in common\n  Update the older of the two.`,
  );
  expect(client.negotiatedVersion).toBe(undefined);
});

test("[O24] a host speaks the handshake's apiVersion alone where no list is given", async () => {
  await using client = clientFor("speaks-versions", { args: ["4", "5"], handshake: { apiVersion: 4 } });
  await client.start();
  expect(client.negotiatedVersion).toBe(4);
});
