import { defineContract, method, notification } from "mortise/contract";

/** What the plugin provides. */
export const countdown = defineContract("countdown", {
  /** Sets the time between two numbers, for every count. */
  tempo: method<{ everyMs: number }>(),
  /** Counts from a number to zero, asks control, and resolves with what to shout. */
  start: method<number, string>(),
});

/** What the host provides, for the plugin to call back. */
export const control = defineContract("control", {
  tick: notification<number>(),
  go: method<void, boolean>(),
});
