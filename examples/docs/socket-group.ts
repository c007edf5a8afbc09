import { statSync } from "node:fs";
import { NewClient } from "mortise";

const command = new URL("./plugin.js", import.meta.url);
// A group of yours, by name or number; here the one that this program runs as.
const socketGroup = process.getgid?.() as number;
await using client = NewClient({ command, transport: "unix", socketGroup });
const address = await client.start();
if (address.network === "unix") console.log((statSync(address.path).mode & 0o777).toString(8));
