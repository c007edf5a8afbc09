import type { InputOf, OutputOf, Schema } from "./schema.js";
import type { Strategy } from "./strategies.js";
import type { ActionTopic, EventTopic, HookTopic, TopicMap, Topics } from "./topics.js";
import type { CallOptions, Received } from "./views.js";

/** A set of topics as it is used from a plugin: says and asks. What a plugin hears and answers it declares with `implement(topics, …)`. */
export interface RemoteBus<T extends Topics> {
  /** Resolves when it was handed to the system, not when it is handled. @throws {PluginError} `UNAUTHORIZED` */
  emit<K extends EventNames<T>>(name: K, ...payload: Payload<T, K>): Promise<void>;
  /** Asks all who answer the action; the strategy makes one result of the replies. @default strategy: first */
  run<K extends ActionNames<T>, R = ActionResult<T, K>>(name: K, ...args: ActionArgs<T, K, RunOptions<ActionResult<T, K>, R>>): Promise<R>;
  /** Runs a hook, and resolves with what its handlers made of the value. @throws {PluginError} `VETOED`, with who did and why. */
  pipe<K extends HookNames<T>>(name: K, value: HookInput<T, K>, options?: CallOptions): Promise<HookResult<T, K>>;
}
/** How an action is asked. */
export interface RunOptions<T, R> extends CallOptions {
  /** @default first */
  readonly strategy?: Strategy<T, R> | undefined;
}

type NamesOf<M extends TopicMap, Kind> = { [K in keyof M]: M[K] extends Kind ? K : never }[keyof M] & string;
export type EventNames<T extends Topics> = NamesOf<T["topics"], EventTopic<any>>;
export type ActionNames<T extends Topics> = NamesOf<T["topics"], ActionTopic<any, any>>;
export type HookNames<T extends Topics> = NamesOf<T["topics"], HookTopic<any>>;

type Optional<P> = [P] extends [void | undefined] ? [payload?: P] : [payload: P];
export type Payload<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends EventTopic<infer P> ? Optional<InputOf<P>> : never;
export type ActionInput<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends ActionTopic<infer I extends Schema, any> ? InputOf<I> : never;
export type ActionArgs<T extends Topics, K extends keyof T["topics"], O> = [ActionInput<T, K>] extends [void | undefined]
  ? [input?: ActionInput<T, K>, options?: O]
  : [input: ActionInput<T, K>, options?: O];
export type ActionResult<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends ActionTopic<any, infer O extends Schema> ? Received<OutputOf<O>> : never;
export type HookInput<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends HookTopic<infer V extends Schema> ? InputOf<V> : never;
export type HookResult<T extends Topics, K extends keyof T["topics"]> =
  T["topics"][K] extends HookTopic<infer V extends Schema> ? Received<OutputOf<V>> : never;
