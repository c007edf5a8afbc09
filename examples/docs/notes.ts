import { defineContract, method, notification } from "mortise/contract";

export const notes = defineContract("notes", {
  add: notification<{ text: string }>(),
  list: method<void, string[]>(),
});
