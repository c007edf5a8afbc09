import { defineContract, method, stream } from "mortise/contract";

export const reports = defineContract("reports", {
  lines: stream<{ from: number }, string>(),
  total: method<{ amounts: AsyncIterable<number> }, number>(),
  build: method<{ pages: number; onProgress: (page: number) => void }, string>(),
  print: method<{ title: string; logo: Uint8Array }, Uint8Array>(),
});
