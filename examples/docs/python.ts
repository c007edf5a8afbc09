// The plugin is written in Python; nothing here shows it.
import { NewClient } from "mortise";
import { defineContract, method } from "mortise/contract";

const greeter = defineContract("greeter", { greet: method<{ name: string }, string>() });
// #region host
await using client = NewClient({ command: ["python3", "minimal-plugin.py"] });
const { greet } = await client.dispense(greeter);
console.log(await greet({ name: "world" }));
// #endregion host
