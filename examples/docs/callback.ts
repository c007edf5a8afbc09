import { implement, NewClient } from "mortise";
import { clock, stamps } from "./stamps.js";

await using client = NewClient({
  command: new URL("./stamps-plugin.js", import.meta.url),
  provides: [implement(clock, { now: () => Date.UTC(2025, 0, 1) })],
});
const { stamp } = await client.dispense(stamps);
console.log(await stamp({ text: "Hello" }));
