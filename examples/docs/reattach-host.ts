import { type ClientOptions, NewClient } from "mortise";
import { greeter } from "./greeter.js";

const command = new URL("./plugin.js", import.meta.url);
const { MORTISE_REATTACH } = process.env;
const options: ClientOptions = MORTISE_REATTACH ? { reattach: MORTISE_REATTACH, callTimeoutMs: Infinity } : { command };
await using client = NewClient(options);
const { greet } = await client.dispense(greeter);
console.log(await greet({ name: "world" }));
