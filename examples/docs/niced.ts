import { getPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { NewClient } from "mortise";
import { niced } from "./niced-runtime.js";
import { priority } from "./priority.js";

const command = fileURLToPath(new URL("./priority-plugin.js", import.meta.url));
await using client = NewClient({ command, runtime: niced });
const { get } = await client.dispense(priority);
console.log("nicer by", (await get()) - getPriority());
