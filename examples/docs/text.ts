import { defineContract, method } from "mortise/contract";

export const text = defineContract("text", { change: method<string, string>() });
