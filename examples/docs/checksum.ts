import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const command = new URL("./plugin.js", import.meta.url);
// Where the plugin comes from another person, so does its digest.
const digest = createHash("sha256").update(readFileSync(command)).digest("hex");
await using client = NewClient({ command, checksum: { algorithm: "sha256", digest } });
const { greet } = await client.dispense(greeter);
console.log(await greet({ name: "world" }));

const other = NewClient({ command, checksum: { algorithm: "sha256", digest: "0".repeat(64) } });
await other.start().catch((error) => console.log(error.code, "at step", error.step));
