// Values are checked against the contract's schemas, and types follow from them.
import { isPluginError, NewClient } from "mortise";
import { prices } from "./prices.js";

await using client = NewClient({ command: "./prices-plugin.js" });
const { total } = await client.dispense(prices);
// #region call
console.log(await total({ amount: 10, currency: "EUR" }));
try {
  await total({ amount: -1, currency: "EUR" });
} catch (error) {
  if (!isPluginError(error, "INVALID_INPUT")) throw error;
  console.log(error.message);
  console.log(error.issues[0]?.path);
}
// #endregion call
