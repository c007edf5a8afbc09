import { defineContract, method } from "mortise/contract";

export const jobs = defineContract("jobs", { wait: method<{ ms: number }, string>() });
