import assert from "node:assert/strict";
import { NewClient, type ReattachConfig } from "mortise";
import { implement, serve } from "mortise/plugin";
import { greeter } from "./greeter.js";

const stop = new AbortController();
let served = Promise.resolve();
const config = await new Promise<ReattachConfig>((onListening) => {
  served = serve({
    provides: [implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })],
    standalone: { signal: stop.signal, onListening },
  });
});
const client = NewClient({ reattach: config });
const { greet } = await client.dispense(greeter);
assert.equal(await greet({ name: "test" }), "Hello, test!");
await client.kill(); // Leaves: the plugin is this very process.
stop.abort();
await served;
console.log("passed");
