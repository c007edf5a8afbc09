import { defineContract, method } from "mortise/contract";

export const priority = defineContract("priority", { get: method<void, number>() });
