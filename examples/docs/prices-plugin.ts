import { implement, serve } from "mortise/plugin";
import { prices } from "./prices.js";

await serve({
  provides: [
    implement(prices, {
      total: ({ amount, currency }) => `${(amount * 1.2).toFixed(2)} ${currency}`,
    }),
  ],
});
