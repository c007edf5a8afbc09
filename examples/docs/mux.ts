// One executable holds several plugins: the first argument chooses.
import { NewClient } from "mortise";
import { text } from "./text.js";

// #region host
for (const name of ["upper", "lower"]) {
  await using client = NewClient({ command: ["./mux-plugin.js", name] });
  const { change } = await client.dispense(text);
  console.log(name, await change("Mortise"));
}
// #endregion host
