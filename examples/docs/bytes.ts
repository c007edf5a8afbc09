import { NewClient } from "mortise";
import { prints } from "./prints.js";

const command = new URL("./prints-plugin.js", import.meta.url);
await using client = NewClient({ command });
const { print } = await client.dispense(prints);
console.log(await print({ title: "Hi", logo: Uint8Array.of(0, 255) }));
