import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const file = new URL("./minimal-plugin.py", import.meta.url);
await using client = NewClient({ command: ["python3", file] });
const { greet } = await client.dispense(greeter);
console.log(await greet({ name: "world" }));
