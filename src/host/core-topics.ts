import type { Schema } from "../contract/schema.js";
import { type ActionTopic, action, defineTopics, type EventTopic, event, type Topics } from "../contract/topics.js";

/** A plugin has registered: it is known to the host, and active for the first time or anew. */
export interface Registered {
  /** Which plugin. */
  readonly pluginId: string;
  /** Names of the contracts that it provides. */
  readonly provides: readonly string[];
}
/** A listener failed on an event. */
export interface ListenerFailed {
  /** Whose listener it was, `host` for this program's own. */
  readonly pluginId: string;
  /** The event's. */
  readonly eventId: string;
  /** Where the event came from: a plugin, or `host`. */
  readonly source: string;
  /** Of the event, as it crosses. */
  readonly topic: string;
  /** What the listener failed with, in its own words. */
  readonly message: string;
}
/** A subscriber did not keep up. At most one a second for each. */
export interface Dropped {
  /** Which plugin. */
  readonly pluginId: string;
  /** Events since the last of these. */
  readonly count: number;
}

/**
 * What a host says of itself. `core.ready` and `core.close` are asked of all who answer them, and awaited within a bound: when the host
 * has become ready, and before its plugins are stopped.
 */
export const core: Topics<{
  readonly "core.ready": ActionTopic<Schema<void>, Schema<void>>;
  readonly "core.close": ActionTopic<Schema<void>, Schema<void>>;
  readonly "core.register": EventTopic<Schema<Registered>>;
  readonly "core.error": EventTopic<Schema<ListenerFailed>>;
  readonly "core.dropped": EventTopic<Schema<Dropped>>;
}> = defineTopics("core", {
  "core.ready": action<void, void>(),
  "core.close": action<void, void>(),
  "core.register": event<Registered>(),
  "core.error": event<ListenerFailed>(),
  "core.dropped": event<Dropped>(),
});
export const CORE_READY = "core/core.ready";
export const CORE_CLOSE = "core/core.close";
export const CORE_REGISTER = "core/core.register";
export const CORE_ERROR = "core/core.error";
export const CORE_DROPPED = "core/core.dropped";
