import type { EventNames, Payload, RemoteBus } from "./bus-views.js";
import type { CallContext } from "./context.js";
import type { InputOf, OutputOf } from "./schema.js";
import type { ActionTopic, EventTopic, HookTopic, Topics } from "./topics.js";
import type { Awaitable, Received } from "./views.js";

/** What a listener or handler is told of what it got. The source is taken from the connection, never from the message. */
export interface Provenance {
  /** Of this event, or of this call of an action or a hook: unique in its host. */
  readonly id: string;
  /** The id of the plugin that it comes from, or `host`. */
  readonly source: string;
  /** When the host took it. */
  readonly time: Date;
}
/** What the handler of a topic is told beside its input. */
export interface TopicContext extends CallContext, Provenance {}

/** The functions for a set of topics: any of them may be left out. A plugin hears and answers what it has a function for. */
export type TopicHandlers<T extends Topics> = { readonly [K in keyof T["topics"]]?: TopicHandler<T["topics"][K]> };
/** One function of TopicHandlers. */
export type TopicHandler<M> =
  M extends EventTopic<infer P>
    ? (payload: Received<OutputOf<P>>, context: TopicContext) => Awaitable<void>
    : M extends ActionTopic<infer I, infer O>
      ? (input: Received<OutputOf<I>>, context: TopicContext) => Awaitable<InputOf<O>>
      : M extends HookTopic<infer V>
        ? (value: Received<OutputOf<V>>, context: TopicContext) => Awaitable<InputOf<V> | void>
        : never;

/** The bus of a host, for one set of topics. */
export interface Bus<T extends Topics> extends RemoteBus<T> {
  /** Resolves when the event is queued for every subscriber, not when it is handled. */
  emit<K extends EventNames<T>>(name: K, ...payload: Payload<T, K>): Promise<void>;
  /** Hears an event, answers an action or joins a hook, in this program. Returns the function that ends that. */
  on<K extends keyof T["topics"] & string>(name: K, handler: NonNullable<TopicHandlers<T>[K]>): () => void;
}
