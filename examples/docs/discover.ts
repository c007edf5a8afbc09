import { basename } from "node:path";
import { discover, NewClient } from "mortise";
import { text } from "./text.js";

const plugins = new URL("./discovered/", import.meta.url);
for (const command of await discover("*.js", plugins)) {
  await using client = NewClient({ command });
  const { change } = await client.dispense(text);
  console.log(basename(command), await change("Mortise"));
}
