import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

await using client = NewClient({ command: new URL("./plugin.ts", import.meta.url) });
const { greet } = await client.dispense(greeter);
console.log(await greet({ name: "world" }));
