import { implement, serve } from "mortise/plugin";
import { ledger1, ledger2 } from "./ledger.js";

await serve({
  provides: {
    1: [implement(ledger1, { balance: () => 50 })],
    2: [implement(ledger2, { balance: () => ({ amount: 50, currency: "EUR" }) })],
  },
});
