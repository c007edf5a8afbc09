import type { CallContext } from "../../contract/context.js";
import { ACTION, EVENT, HOOK } from "../../wire/messages.js";
import { busRefusal } from "../errors/refusal.js";
import { textOfThrown } from "../errors/remote-error.js";
import type { WireCallHandler } from "../handlers/dispatcher.js";
import { type HookResult, readTopicMessage } from "./messages.js";
import { isAnswer, notAnswered, type TopicEntry, topicContext } from "./topic-handlers.js";

/** By which a plugin tells its host that a listener of its own has failed. */
export const LISTENER_FAILED = "core/core.error";

/** A listener of a plugin's that failed on an event, for the host to tell. */
export interface ListenerFailure {
  readonly eventId: string;
  readonly source: string;
  readonly topic: string;
  readonly message: string;
}

/** What a plugin answers its host with: the handlers of the topics that it declared. */
export function pluginTopics(
  entries: ReadonlyMap<string, TopicEntry>,
  onListenerFailed: (report: ListenerFailure) => void,
): ReadonlyMap<string, WireCallHandler> {
  const run = async (kind: TopicEntry["kind"], input: unknown, context: CallContext): Promise<unknown> => {
    const message = readTopicMessage(input);
    const entry = entries.get(message.topic);
    if (entry?.kind !== kind) throw busRefusal(notAnswered(message.topic));
    try {
      return await entry.run(message.value, topicContext(context, message));
    } catch (error) {
      // A veto is an answer, and so is an input or a result that does not fit; the rest is the handler's own failure.
      throw isAnswer(error, message.topic) ? busRefusal(error) : error;
    }
  };
  // The host's other listeners hear of it, and this side's log.
  const hear = async (input: unknown, context: CallContext): Promise<void> => {
    try {
      await run("event", input, context);
    } catch (error) {
      const { id: eventId = "", source = "", topic } = readTopicMessage(input);
      onListenerFailed({ eventId, source, topic, message: textOfThrown(error) });
      throw error;
    }
  };
  return new Map<string, WireCallHandler>([
    [EVENT, (input, context) => hear(input, context)],
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
