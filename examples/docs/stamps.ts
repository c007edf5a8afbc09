import { defineContract, method } from "mortise/contract";

export const stamps = defineContract("stamps", { stamp: method<{ text: string }, string>() });

/** What the host offers to the plugin. */
export const clock = defineContract("clock", { now: method<void, number>() });
