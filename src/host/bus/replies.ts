import type { Reply } from "../../contract/strategies.js";
import { isPluginError, PluginError } from "../../errors.js";
import { textOfThrown } from "../../peer/errors/remote-error.js";
import { deferred } from "../../util/deferred.js";
import { NotAsked } from "./member.js";

/** A member that was asked; they come in load order. */
export interface Asked {
  readonly pluginId: string;
  readonly answer: Promise<unknown>;
}

/** Replies in the order in which they arrive. */
export async function* replies(asked: readonly Asked[]): AsyncGenerator<Reply<unknown>> {
  const arrived: (Reply<unknown> | undefined)[] = [];
  let wake = deferred<void>();
  const take = (reply: Reply<unknown> | undefined): void => {
    arrived.push(reply);
    wake.resolve();
  };
  asked.forEach(({ pluginId, answer }, order) => {
    answer.then(
      (value) => take({ pluginId, order, ok: true, value }),
      (error: unknown) => take(NotAsked.is(error) ? undefined : { pluginId, order, ok: false, error: asPluginError(error) }),
    );
  });
  let left = asked.length;
  while (left > 0) {
    if (arrived.length === 0) await wake.promise;
    wake = deferred();
    for (const reply of arrived.splice(0)) {
      left--;
      if (reply !== undefined) yield reply;
    }
  }
}

/** What a caller's own signal gave as its reason may be anything. */
function asPluginError(error: unknown): PluginError {
  if (isPluginError(error)) return error;
  return new PluginError("CANCELLED", `The call was given up: ${textOfThrown(error)}`, { cause: error });
}
