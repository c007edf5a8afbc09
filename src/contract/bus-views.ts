import type { InputOf, OutputOf, Schema } from "./schema.js";
import type { Strategy } from "./strategies.js";
import type { ActionTopic, EventTopic, HookTopic, TopicMap, Topics } from "./topics.js";
import type { CallOptions, Received } from "./views.js";

/** A set of topics as it is used from a plugin: says and asks. What a plugin hears and answers it declares with `implement(topics, …)`. */
export interface RemoteBus<T extends Topics> {
  /** Resolves when it was handed to the system, not when it is handled. @throws {PluginError} `UNAUTHORIZED` */
  emit<K extends EventNames<T>>(name: K, ...payload: Payload<T, K>): Promise<void>;
  /** Asks all who answer the action; the strategy makes one result of the replies. @default strategy: first */
  run<K extends ActionNames<T>, R = ActionResult<T, K>>(
    name: K,
    ...args: [...input: ActionArgs<T, K>, options?: RunOptions<ActionResult<T, K>, R>]
  ): Promise<R>;
  /** Runs a hook, and resolves with what its handlers made of the value. @throws {PluginError} `VETOED`, with who did and why. */
  pipe<K extends HookNames<T>>(name: K, value: HookInput<T, K>, options?: CallOptions): Promise<HookResult<T, K>>;
}
/** How an action is asked. */
export interface RunOptions<T, R> extends CallOptions {
  /** Makes one result of the replies. @default first */
  readonly strategy?: Strategy<T, R> | undefined;
}

/** The topics of one kind. */
type NamesOf<M extends TopicMap, Kind> = { [K in keyof M]: M[K] extends Kind ? K : never }[keyof M] & string;
/** The events of a set. */
export type EventNames<T extends Topics> = NamesOf<T["topics"], EventTopic<any>>;
/** The actions of a set. */
export type ActionNames<T extends Topics> = NamesOf<T["topics"], ActionTopic<any, any>>;
/** The hooks of a set. */
export type HookNames<T extends Topics> = NamesOf<T["topics"], HookTopic<any>>;

/** A payload of nothing may be left out. */
type Optional<P> = [P] extends [void | undefined] ? [payload?: P] : [payload: P];
/** The payload of an event. */
export type Payload<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends EventTopic<infer P> ? Optional<InputOf<P>> : never;
/** What an action is asked with. */
export type ActionInput<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends ActionTopic<infer I extends Schema, any> ? InputOf<I> : never;
/** The input of run(): one of nothing may be left out. Apart from the options, or nothing could be inferred of a strategy. */
export type ActionArgs<T extends Topics, K extends keyof T["topics"]> = [ActionInput<T, K>] extends [void | undefined]
  ? [input?: ActionInput<T, K>]
  : [input: ActionInput<T, K>];
/** What an action is answered with. */
export type ActionResult<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends ActionTopic<any, infer O extends Schema> ? Received<OutputOf<O>> : never;
/** What goes into a hook. */
export type HookInput<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends HookTopic<infer V extends Schema> ? InputOf<V> : never;
/** What comes out of a hook. */
export type HookResult<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends HookTopic<infer V extends Schema> ? Received<OutputOf<V>> : never;
