import { defineContract, method, notification, stream } from "../../dist/contract.js";

/** What the plugin provides. */
export const greeter = defineContract("greeter", {
  greet: method(),
  echo: method(),
  note: notification(),
  flood: method(),
  echoBytes: method(),
  numbers: stream(),
});
/** What the host provides. */
export const listener = defineContract("listener", { note: notification() });
