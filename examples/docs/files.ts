import { defineContract, method } from "mortise/contract";

export const files = defineContract("files", { read: method<string, string>() });
