import type { CallContext } from "../../contract/context.js";
import { isPluginError } from "../../errors.js";
import { ACTION, EVENT, HOOK } from "../../wire/messages.js";
import { busRefusal } from "../errors/refusal.js";
import type { WireCallHandler } from "../handlers/dispatcher.js";
import { type HookResult, readTopicMessage } from "./messages.js";
import { isVeto, notAnswered, type TopicEntry, topicContext } from "./topic-handlers.js";

/** What a plugin answers its host with: the handlers of the topics that it declared. */
export function pluginTopics(entries: ReadonlyMap<string, TopicEntry>): ReadonlyMap<string, WireCallHandler> {
  const run = async (kind: TopicEntry["kind"], input: unknown, context: CallContext): Promise<unknown> => {
    const message = readTopicMessage(input);
    const entry = entries.get(message.topic);
    if (entry?.kind !== kind) throw busRefusal(notAnswered(message.topic));
    try {
      return await entry.run(message.value, topicContext(context, message));
    } catch (error) {
      // A veto is an answer, and so is an input or a result that does not fit; the rest is the handler's own failure.
      throw isVeto(error) || isMismatch(error, message.topic) ? busRefusal(error) : error;
    }
  };
  return new Map<string, WireCallHandler>([
    [EVENT, (input, context) => run("event", input, context)],
    [ACTION, (input, context) => run("action", input, context)],
    [
      HOOK,
      async (input, context): Promise<HookResult> => {
        const value = await run("hook", input, context);
        return value === undefined ? {} : { value };
      },
    ],
  ]);
}

function isMismatch(error: unknown, topic: string): boolean {
  return (
    (isPluginError(error, "INVALID_INPUT") || isPluginError(error, "INVALID_OUTPUT")) && error.message.startsWith(`Cannot call "${topic}"`)
  );
}
