// Each side makes a certificate for this start, and takes the other's alone.
import { NewClient } from "mortise";
import { text } from "./text.js";

// #region auto
await using client = NewClient({ command: ["./mux-plugin.js", "upper"], tls: "auto" });
const { change } = await client.dispense(text);
console.log(await change("encrypted"));
// #endregion auto
