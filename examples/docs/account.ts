import { defineContract, method } from "mortise/contract";

export const account = defineContract("account", { withdraw: method<{ amount: number }, number>() });
