import type { InputOf, OutputOf, Schema } from "./schema.js";
import type { Reply, Strategy } from "./strategies.js";
import type { ActionTopic, EventTopic, HookTopic, TopicMap, Topics } from "./topics.js";
import type { Awaitable, CallContext, CallOptions, Received } from "./views.js";

/** What a listener or handler is told of what it got. The source is taken from the connection, never from the message. */
export interface Provenance {
  /** Of this event, or of this call of an action or a hook: unique in its host. */
  readonly id: string;
  /** The id of the plugin that it comes from, or `host`. */
  readonly source: string;
  readonly time: Date;
}
/** What the handler of a topic is told beside its input. */
export interface TopicContext extends CallContext, Provenance {}

/** The functions for a set of topics: any of them may be left out. A plugin hears and answers what it has a function for. */
export type TopicHandlers<T extends Topics> = { readonly [K in keyof T["topics"]]?: TopicHandler<T["topics"][K]> };
export type TopicHandler<M> =
  M extends EventTopic<infer P>
    ? (payload: Received<OutputOf<P>>, context: TopicContext) => Awaitable<void>
    : M extends ActionTopic<infer I, infer O>
      ? (input: Received<OutputOf<I>>, context: TopicContext) => Awaitable<InputOf<O>>
      : M extends HookTopic<infer V>
        ? (value: Received<OutputOf<V>>, context: TopicContext) => Awaitable<InputOf<V> | void>
        : never;

/** A set of topics as it is used from a plugin: says and asks. What a plugin hears and answers it declares with `implement(topics, …)`. */
export interface RemoteBus<T extends Topics> {
  /** Resolves when it was handed to the system, not when it is handled. @throws {PluginError} `UNAUTHORIZED` */
  emit<K extends EventNames<T>>(name: K, ...payload: Payload<T, K>): Promise<void>;
  /** Asks all who answer the action; the strategy makes one result of the replies. @default strategy: first */
  run<K extends ActionNames<T>, R = ActionResult<T, K>>(
    name: K,
    ...args: ActionArgs<T, K, RunOptions<ActionResult<T, K>, R>>
  ): Promise<R>;
  /** Runs a hook, and resolves with what its handlers made of the value. @throws {PluginError} `VETOED`, with who did and why. */
  pipe<K extends HookNames<T>>(name: K, value: HookInput<T, K>, options?: CallOptions): Promise<HookResult<T, K>>;
}
/** The bus of a host, for one set of topics. */
export interface Bus<T extends Topics> extends RemoteBus<T> {
  /** Resolves when the event is queued for every subscriber, not when it is handled. */
  emit<K extends EventNames<T>>(name: K, ...payload: Payload<T, K>): Promise<void>;
  /** Hears an event, answers an action or joins a hook, in this program. Returns the function that ends that. */
  on<K extends keyof T["topics"] & string>(name: K, handler: NonNullable<TopicHandlers<T>[K]>): () => void;
}

/** How an action is asked. */
export interface RunOptions<T, R> extends CallOptions {
  /** @default first */
  readonly strategy?: Strategy<T, R> | undefined;
}
export type { Reply, Strategy };

type NamesOf<M extends TopicMap, Kind> = { [K in keyof M]: M[K] extends Kind ? K : never }[keyof M] & string;
export type EventNames<T extends Topics> = NamesOf<T["topics"], EventTopic<any>>;
export type ActionNames<T extends Topics> = NamesOf<T["topics"], ActionTopic<any, any>>;
export type HookNames<T extends Topics> = NamesOf<T["topics"], HookTopic<any>>;

type Optional<P> = [P] extends [void | undefined] ? [payload?: P] : [payload: P];
export type Payload<T extends Topics, K extends keyof T["topics"]> = T["topics"][K] extends EventTopic<infer P> ? Optional<InputOf<P>> : never;
export type ActionInput<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends ActionTopic<infer I extends Schema, any> ? InputOf<I> : never;
export type ActionArgs<T extends Topics, K extends keyof T["topics"], O> = [ActionInput<T, K>] extends [void | undefined]
  ? [input?: ActionInput<T, K>, options?: O]
  : [input: ActionInput<T, K>, options?: O];
export type ActionResult<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends ActionTopic<any, infer O extends Schema> ? Received<OutputOf<O>> : never;
export type HookInput<T extends Topics, K extends keyof T["topics"]> = T["topics"][K] extends HookTopic<infer V extends Schema> ? InputOf<V> : never;
export type HookResult<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends HookTopic<infer V extends Schema> ? Received<OutputOf<V>> : never;
