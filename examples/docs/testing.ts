import assert from "node:assert/strict";
import { implement } from "mortise/plugin";
import { connectInMemory } from "mortise/testing";
import { prices } from "./prices.js";

const implementation = implement(prices, { total: ({ amount, currency }) => `${amount} ${currency}` });
await using connection = await connectInMemory({ provides: [implementation] });
const { total } = connection.dispense(prices);
assert.equal(await total({ amount: 5, currency: "USD" }), "5 USD");
console.log("passed");
