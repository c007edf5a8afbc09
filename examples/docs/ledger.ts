import { defineContract, method } from "mortise/contract";

export const ledger1 = defineContract("ledger", { balance: method<void, number>() });
export const ledger2 = defineContract("ledger", { balance: method<void, { amount: number; currency: string }>() });
