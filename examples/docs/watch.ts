// Each call is published as it starts and as it ends, and a connection counts what has crossed it.
// #region watch
import { subscribe } from "node:diagnostics_channel";
import { type CallEvent, NewClient } from "mortise";
import { prices } from "./prices.js";

subscribe("mortise:call", (event) => {
  const { side, phase, contract, member } = event as CallEvent;
  console.log(side, phase, `${contract}.${member}`);
});

await using client = NewClient({ command: "./prices-plugin.js" });
const { total } = await client.dispense(prices);
await total({ amount: 10, currency: "EUR" });
await total({ amount: -1, currency: "EUR" }).catch(() => {});

const { provided, counters } = await client.client();
console.log(counters.pending, provided[0]?.members["total"]?.output);
// #endregion watch
