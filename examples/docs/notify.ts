// A notification expects no answer.
import { NewClient } from "mortise";
import { jobs } from "./jobs.js";

await using client = NewClient({ command: "./jobs-plugin.js" });
const { note, notes } = await client.dispense(jobs);
// #region call
await note({ text: "first" });
await note({ text: "second" });
console.log(await notes());
// #endregion call
