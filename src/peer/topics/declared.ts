import { NAME_PATTERN } from "../../contract/contract.js";
import type { TopicImplementation } from "../../contract/implement.js";
import { topicName } from "../../contract/topics.js";

/** What a plugin hears, answers and joins: names as they cross, `blog/post.published`. What it did not declare never reaches it. */
export interface Declared {
  readonly events: readonly string[];
  readonly actions: readonly string[];
  readonly hooks: readonly string[];
}
export const NOTHING_DECLARED: Declared = { events: [], actions: [], hooks: [] };

// As many as fit into the handshake's message, and no more.
const MAX_NAMES = 512;

export function declare(implementations: readonly TopicImplementation[]): Declared {
  const of = (kind: "event" | "action" | "hook"): string[] =>
    implementations.flatMap(({ name, topics, handlers }) =>
      [...handlers.keys()].filter((key) => topics.topics[key]?.kind === kind).map((key) => topicName(name, key)),
    );
  return { events: of("event"), actions: of("action"), hooks: of("hook") };
}

/** Reads what the other side declares. @throws {TypeError} A list that is none, that holds something that is no name, or is too long. */
export function readDeclared(value: { readonly events?: unknown; readonly actions?: unknown; readonly hooks?: unknown }): Declared {
  return {
    events: readNames("events", value.events),
    actions: readNames("actions", value.actions),
    hooks: readNames("hooks", value.hooks),
  };
}

function readNames(what: string, value: unknown = []): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError(`"${what}" is no list`);
  if (value.length > MAX_NAMES) throw new TypeError(`"${what}" has more than ${MAX_NAMES} names`);
  if (value.every((name): name is string => typeof name === "string" && NAME_PATTERN.test(name))) return [...new Set(value)];
  throw new TypeError(`"${what}" holds something that is no name`);
}
