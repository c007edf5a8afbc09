// A plugin started by a launcher of one's own.
import { getPriority } from "node:os";
import { NewClient } from "mortise";
import { niced } from "./niced-runtime.js";
import { priority } from "./priority.js";

// #region host
await using client = NewClient({ command: "./priority-plugin.js", runtime: niced });
const { get } = await client.dispense(priority);
console.log("nicer by", (await get()) - getPriority());
// #endregion host
