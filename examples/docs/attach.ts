// A second program attaches to a plugin that the first one started.
import { NewClient } from "mortise";
import { text } from "./text.js";

const command = "./discovered/upper.js";
// #region attach
await using first = NewClient({ command });
await first.start();
const handedOver = JSON.stringify(first.reattachConfig);

const second = NewClient({ reattach: handedOver });
const { change } = await second.dispense(text);
console.log(await change("attached"));
console.log(await second.kill());
console.log(first.state);
// #endregion attach
