import { defineContract, method, notification } from "mortise/contract";

export const jobs = defineContract("jobs", {
  wait: method<{ ms: number }, string>(),
  note: notification<{ text: string }>(),
  notes: method<void, string[]>(),
  stamp: method<{ text: string }, string>(),
  withdraw: method<{ amount: number }, number>(),
});

/** What the host offers to the plugin. */
export const clock = defineContract("clock", { now: method<void, number>() });
