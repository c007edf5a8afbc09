import { defineContract, method } from "mortise/contract";

export const greeter = defineContract("greeter", {
  greet: method<{ name: string }, string>(),
});
