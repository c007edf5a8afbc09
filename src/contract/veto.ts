import { PluginError } from "../errors.js";

/**
 * Ends a hook: `throw veto("reason")` in its handler. Whoever ran the hook gets `VETOED`, with the id of the plugin and the reason.
 * @example if (draft.title === "") throw veto("a post needs a title");
 */
export function veto(reason: string): PluginError {
  if (typeof reason !== "string" || reason === "") throw new TypeError("Cannot veto: it takes the reason, a text that is not empty");
  return new PluginError("VETOED", reason);
}
