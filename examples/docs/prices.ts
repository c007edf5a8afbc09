import { defineContract, method } from "mortise/contract";
import * as z from "zod";

export const prices = defineContract("prices", {
  total: method({
    input: z.object({ amount: z.number().positive(), currency: z.enum(["EUR", "USD"]) }),
    output: z.string(),
  }),
});
