// Bytes in and out.
import { NewClient } from "mortise";
import { reports } from "./reports.js";

await using client = NewClient({ command: "./reports-plugin.js" });
const { print } = await client.dispense(reports);
// #region call
console.log(await print({ title: "Hi", logo: Uint8Array.of(0, 255) }));
// #endregion call
