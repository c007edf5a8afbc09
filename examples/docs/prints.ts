import { defineContract, method } from "mortise/contract";

export const prints = defineContract("prints", {
  print: method<{ title: string; logo: Uint8Array }, Uint8Array>(),
});
