import { VetoError } from "../errors.js";

/**
 * Ends a hook: `throw veto("reason")` in its handler. Whoever ran the hook gets `VETOED`, with the id of the plugin and the reason.
 * @example if (draft.title === "") throw veto("a post needs a title");
 */
export function veto(reason: string): VetoError {
  if (typeof reason !== "string" || reason === "") throw new TypeError("Cannot veto: it takes the reason, a text that is not empty");
  return new VetoError(`Vetoed: ${reason}`, { pluginId: "", reason });
}
