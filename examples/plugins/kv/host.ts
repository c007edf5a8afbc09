import assert from "node:assert/strict";
import { NewClient } from "mortise";
import { type Entry, kv } from "./kv.js";

const COLOURS = ["amber", "blue", "coral"];

async function* entries(): AsyncGenerator<Entry> {
  for (const colour of COLOURS) yield { key: `colour/${colour}`, value: Buffer.from(colour) };
}

const client = NewClient({ command: "./plugin.js", cwd: import.meta.dirname });
try {
  const store = await client.dispense(kv);

  const value = Uint8Array.of(0, 127, 255);
  await store.put({ key: "bytes", value });
  const read = await store.get({ key: "bytes" });
  console.log("bytes", read);
  assert.deepEqual(read, value);
  assert.equal(await store.get({ key: "nothing" }), null);

  const count = await store.load({ entries: entries() });
  console.log("loaded", count);
  assert.equal(count, COLOURS.length);

  const keys: string[] = [];
  for await (const key of store.list({ prefix: "colour/" })) keys.push(key);
  console.log(...keys);
  assert.deepEqual(
    keys,
    COLOURS.map((colour) => `colour/${colour}`),
  );

  const seen: string[] = [];
  for await (const change of store.watch({ prefix: "colour/c" })) {
    seen.push(`${change.key} ${change.value === null ? "is gone" : `is ${Buffer.from(change.value)}`}`);
    if (seen.length === 1) await store.put({ key: "colour/cyan", value: Buffer.from("#00ffff") });
    if (seen.length === 2) assert.equal(await store.delete({ key: "colour/coral" }), true);
    if (seen.length === 3) break; // Ends the watch in the plugin too.
  }
  console.log(seen.join("\n"));
  assert.deepEqual(seen, ["colour/coral is coral", "colour/cyan is #00ffff", "colour/coral is gone"]);
} finally {
  const reason = await client.kill();
  assert.equal(reason.kind === "killed" && !reason.forced, true);
}
