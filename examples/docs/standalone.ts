// A plugin is served inside a test, and its host attaches to it.
// #region test
import assert from "node:assert/strict";
import { NewClient, type ReattachConfig } from "mortise";
import { implement, serve } from "mortise/plugin";
import { text } from "./text.js";

const stop = new AbortController();
let served = Promise.resolve();
const config = await new Promise<ReattachConfig>((onListening) => {
  served = serve({
    provides: [implement(text, { change: (input) => input.toUpperCase() })],
    standalone: { signal: stop.signal, onListening },
  });
});
const client = NewClient({ reattach: config });
const { change } = await client.dispense(text);
assert.equal(await change("in a test"), "IN A TEST");
await client.kill(); // Leaves: the plugin is this very process.
stop.abort();
await served;
// #endregion test
console.log("passed");
