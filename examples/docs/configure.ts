// A plugin gets its configuration before anything is called, and may decline.
import { NewClient } from "mortise";
import { text } from "./text.js";

const command = "./configure-plugin.js";
// #region host
await using client = NewClient({ command, config: { greeting: "Good day" } });
const { change } = await client.dispense(text);
console.log(await change("world"));

const declined = NewClient({ command, config: {} });
await declined.start().catch((error) => console.log(error.code, error.step, error.message));
// #endregion host
