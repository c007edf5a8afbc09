import { getPriority } from "node:os";
import { NewClient } from "mortise";
import { niced } from "./niced-runtime.js";
import { priority } from "./priority.js";

const command = new URL("./priority-plugin.js", import.meta.url);
await using client = NewClient({ command, runtime: niced });
const { get } = await client.dispense(priority);
console.log("nicer by", (await get()) - getPriority());
