// What a plugin loads once it serves.
export { runOneOf } from "./run-one-of.js";
export { runPlugin } from "./run-plugin.js";

/** What a plugin loads that dials its host; one that a host starts never does. */
export function loadDialling(): Promise<typeof import("./connect/dialling.js")> {
  return import("./connect/dialling.js");
}
