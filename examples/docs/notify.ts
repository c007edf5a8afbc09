import { NewClient } from "mortise";
import { notes } from "./notes.js";

const command = new URL("./notes-plugin.js", import.meta.url);
await using client = NewClient({ command });
const { add, list } = await client.dispense(notes);
await add({ text: "first" });
await add({ text: "second" });
console.log(await list());
