import { isPluginError, NewClient } from "mortise";
import { prices } from "./prices.js";

const command = new URL("./prices-plugin.js", import.meta.url);
await using client = NewClient({ command });
const { total } = await client.dispense(prices);
console.log(await total({ amount: 10, currency: "EUR" }));
try {
  await total({ amount: -1, currency: "EUR" });
} catch (error) {
  if (!isPluginError(error, "INVALID_INPUT")) throw error;
  console.log(error.message);
  console.log(error.issues[0]?.path);
}
