import { fileURLToPath } from "node:url";
import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const plugin = fileURLToPath(new URL("./plugin.ts", import.meta.url));
await using client = NewClient({ command: [process.execPath, "--import", import.meta.resolve("tsx"), plugin] });
const { greet } = await client.dispense(greeter);
console.log(await greet({ name: "world" }));
