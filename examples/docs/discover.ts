// Every runnable file that matches is a plugin.
// #region host
import { basename } from "node:path";
import { discover, NewClient } from "mortise";
import { text } from "./text.js";

for (const command of await discover("*.js", "discovered")) {
  await using client = NewClient({ command });
  const { change } = await client.dispense(text);
  console.log(basename(command), await change("Mortise"));
}
// #endregion host
