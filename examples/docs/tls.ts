import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const command = new URL("./plugin.js", import.meta.url);
await using client = NewClient({ command, tls: "auto" });
const { greet } = await client.dispense(greeter);
console.log(await greet({ name: "world" }));
