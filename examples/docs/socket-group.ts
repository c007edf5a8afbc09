// The members of a group may connect to a plugin's socket.
import { statSync } from "node:fs";
import { NewClient } from "mortise";

const group = process.getgid?.() as number;
// #region group
await using client = NewClient({ command: ["./mux-plugin.js", "upper"], transport: "unix", socketGroup: group });
const address = await client.start();
if (address.network === "unix") console.log((statSync(address.path).mode & 0o777).toString(8));
// #endregion group
