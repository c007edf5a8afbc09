import { NewClient } from "mortise";
import { text } from "./text.js";

const file = new URL("./mux-plugin.js", import.meta.url);
for (const name of ["upper", "lower"]) {
  await using client = NewClient({ command: [file, name] });
  const { change } = await client.dispense(text);
  console.log(name, await change("Mortise"));
}
