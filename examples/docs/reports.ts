import { defineContract, method, stream } from "mortise/contract";

export const reports = defineContract("reports", {
  lines: stream<{ from: number }, string>(),
  total: method<{ amounts: AsyncIterable<number> }, number>(),
});
