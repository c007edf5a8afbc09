import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const command = new URL("./plugin.js", import.meta.url);
await using first = NewClient({ command });
await first.start();
const handedOver = JSON.stringify(first.reattachConfig);

const second = NewClient({ reattach: handedOver });
const { greet } = await second.dispense(greeter);
console.log(await greet({ name: "world" }));
console.log(await second.kill());
console.log(first.state);
