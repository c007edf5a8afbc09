// The host provides something to the plugin.
// #region host
import { implement, NewClient } from "mortise";
import { clock, jobs } from "./jobs.js";

await using client = NewClient({
  command: "./jobs-plugin.js",
  provides: [implement(clock, { now: () => Date.UTC(2025, 0, 1) })],
});
const { stamp } = await client.dispense(jobs);
console.log(await stamp({ text: "Hello" }));
// #endregion host
