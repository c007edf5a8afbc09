import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const command = new URL("./configure-plugin.js", import.meta.url);
await using client = NewClient({ command, config: { greeting: "Good day" } });
const { greet } = await client.dispense(greeter);
console.log(await greet({ name: "world" }));

const declined = NewClient({ command, config: {} });
await declined.start().catch((error) => console.log(error.code, error.step, error.message));
