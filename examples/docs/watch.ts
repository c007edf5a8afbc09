import { subscribe } from "node:diagnostics_channel";
import { type CallEvent, NewClient } from "mortise";
import { prices } from "./prices.js";

subscribe("mortise:call", (event) => {
  const { side, phase, contract, member } = event as CallEvent;
  console.log(side, phase, `${contract}.${member}`);
});

await using client = NewClient({ command: new URL("./prices-plugin.js", import.meta.url) });
const { total } = await client.dispense(prices);
await total({ amount: 10, currency: "EUR" });
await total({ amount: -1, currency: "EUR" }).catch(() => {});

const { provided, counters } = await client.client();
console.log(counters.pending, provided[0]?.members["total"]?.output);
