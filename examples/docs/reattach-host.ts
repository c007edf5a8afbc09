// Attaches to the plugin that a person has started, if there is one.
import { NewClient } from "mortise";
import { text } from "./text.js";

// #region host
const { MORTISE_REATTACH } = process.env;
const client = NewClient(MORTISE_REATTACH ? { reattach: MORTISE_REATTACH, callTimeoutMs: Infinity } : { command: "./discovered/upper.js" });
// #endregion host
const { change } = await client.dispense(text);
console.log(await change("hello"));
await client.kill();
