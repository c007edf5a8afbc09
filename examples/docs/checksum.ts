// A plugin's file is run only if it is the one that was asked for.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { NewClient } from "mortise";
import { text } from "./text.js";

const file = "./mux-plugin.js";
// Where the plugin comes from somebody else, so does its digest.
const digest = createHash("sha256").update(readFileSync(file)).digest("hex");

// #region checksum
const command = [file, "upper"] as const;
await using client = NewClient({ command, checksum: { algorithm: "sha256", digest } });
const { change } = await client.dispense(text);
console.log(await change("the very file"));

const other = NewClient({ command, checksum: { algorithm: "sha256", digest: "0".repeat(64) } });
await other.start().catch((error) => console.log(error.code, "at step", error.step));
// #endregion checksum
