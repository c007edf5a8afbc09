import type { CallContext } from "../../contract/context.js";
import type { AnyHandler, TopicImplementation } from "../../contract/implement.js";
import { type Schema, validate } from "../../contract/schema.js";
import type { TopicContext } from "../../contract/topic-views.js";
import { type Topic, topicName } from "../../contract/topics.js";
import { isPluginError, PluginError } from "../../errors.js";
import type { TopicMessage } from "./messages.js";

/** A handler of a topic, between the checks of what it gets and of what it gives. */
export interface TopicEntry {
  readonly name: string;
  readonly kind: Topic["kind"];
  /** Runs it. Of a hook: undefined where it leaves the value as it is. */
  run(value: unknown, context: TopicContext): Promise<unknown>;
}

/** The handlers of a side, by the names of their topics. @param checks Whether values are held against schemas on this side. */
export function topicEntries(implementations: readonly TopicImplementation[], checks: boolean): ReadonlyMap<string, TopicEntry> {
  const entries = implementations.flatMap(({ name: set, topics, handlers }) =>
    [...handlers].map(([key, handler]) => topicEntry(topicName(set, key), topics.topics[key] as Topic, handler, checks)),
  );
  return new Map(entries.map((entry) => [entry.name, entry]));
}

export function topicEntry(name: string, topic: Topic, handler: AnyHandler, checks: boolean): TopicEntry {
  const { input, output } = checks ? schemasOf(topic) : {};
  return {
    name,
    kind: topic.kind,
    async run(value, context) {
      const given = input === undefined ? value : await validate(input, value, { code: "INVALID_INPUT", name, side: "provider" });
      const result = await handler(given, context);
      if (topic.kind === "event" || (topic.kind === "hook" && result === undefined)) return undefined;
      // The check alone counts here: a schema that transforms does so where the value is received.
      if (output !== undefined) await validate(output, result, { code: "INVALID_OUTPUT", name, side: "provider" });
      return result;
    },
  };
}

/** What goes in and what comes out. A hook's value is both. */
export function schemasOf(topic: Topic): { readonly input?: Schema | undefined; readonly output?: Schema | undefined } {
  if (topic.kind === "event") return { input: topic.payload };
  return topic.kind === "hook" ? { input: topic.value, output: topic.value } : { input: topic.input, output: topic.output };
}

/** A call's context with what the bus knows of the message. Defined one by one: the signal is made when it is looked at. */
export function topicContext(context: CallContext, { id = "", source = "host", timeMs }: TopicMessage): TopicContext {
  return {
    get signal() {
      return context.signal;
    },
    peer: context.peer,
    plugin: context.plugin,
    id,
    source,
    time: new Date(timeMs ?? Date.now()),
  };
}

/** The error of a handler that was asked for something it does not have. */
export function notAnswered(topic: string): PluginError {
  return new PluginError("NOT_PROVIDED", `Cannot run "${topic}": this side has no handler for it`);
}

/** Says whether an error is the veto of a handler, and not one that it got from another hook. */
export function isVeto(error: unknown): boolean {
  return isPluginError(error, "VETOED") && error.pluginId === "";
}

/** Says whether what a handler of that topic ended with is an answer of its own: a veto, or a value that does not fit its schema. */
export function isAnswer(error: unknown, topic: string): boolean {
  if (isVeto(error)) return true;
  const mismatch = isPluginError(error, "INVALID_INPUT") || isPluginError(error, "INVALID_OUTPUT");
  return mismatch && error.message.startsWith(`Cannot call "${topic}"`);
}
