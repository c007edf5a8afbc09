// What a plugin loads once it serves.
export { runOneOf } from "./run-one-of.js";
export { runPlugin } from "./run-plugin.js";
