import { NAME_PATTERN, NAME_RULE } from "./contract.js";
import { isSchema, type Schema } from "./schema.js";

/** A set of events, actions and hooks under one name: what a host's bus carries, and what plugins hear and answer. */
export interface Topics<M extends TopicMap = TopicMap> {
  /** Of the set, as in `blog`. */
  readonly name: string;
  /** By their own names, as in `post.published`. */
  readonly topics: M;
}
/** What event(), action() and hook() make. */
export type Topic = EventTopic<any> | ActionTopic<any, any> | HookTopic<any>;
/** Topics by their names. */
export type TopicMap = Readonly<Record<string, Topic>>;
/** What event() makes. */
export interface EventTopic<P extends Schema> {
  /** Always `"event"`. */
  readonly kind: "event";
  /** The validator of its payload; absent where there is none. */
  readonly payload?: P;
}
/** What action() makes. */
export interface ActionTopic<I extends Schema, O extends Schema> {
  /** Always `"action"`. */
  readonly kind: "action";
  /** The validator of what it is asked; absent where there is none. */
  readonly input?: I;
  /** The validator of an answer; absent where there is none. */
  readonly output?: O;
}
/** What hook() makes. */
export interface HookTopic<V extends Schema> {
  /** Always `"hook"`. */
  readonly kind: "hook";
  /** The validator of the value that passes through; absent where there is none. */
  readonly value?: V;
}

/**
 * Makes a set of topics. The host and its plugins import it: `implement` takes it, and so does `dispense` on either side.
 * @param name Unique among the sets of a host, as in `blog`: topics cross as `blog/post.published`.
 * @throws {TypeError} A name with a slash or with other characters than letters, digits and `_ . : $ -`; names over 128 characters
 *   together; a topic that was not made with event(), action() or hook().
 * @example const blog = defineTopics("blog", { "post.published": event<{ id: string }>(), "text.lint": action<string, string[]>() });
 */
export function defineTopics<const M extends TopicMap>(name: string, topics: M): Topics<M> {
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot define topics "${String(name)}": ${why}`);
  };
  if (typeof name !== "string" || !NAME_PATTERN.test(name) || name.includes("/")) refuse(`a name is ${NAME_RULE}, without a slash`);
  const prototype: unknown = typeof topics === "object" && topics !== null ? Object.getPrototypeOf(topics) : undefined;
  if (prototype !== Object.prototype && prototype !== null) refuse('its topics must be a plain object with no member "__proto__"');
  const copy: Record<string, Topic> = {};
  for (const [key, topic] of Object.entries(topics)) {
    checkTopic(name, key, topic);
    copy[key] = Object.freeze({ ...topic });
  }
  return Object.freeze({ name, topics: Object.freeze(copy) as M });
}

function checkTopic(set: string, key: string, topic: Topic | undefined): void {
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot define topic "${key}" of "${set}": ${why}`);
  };
  if (key === "__proto__") refuse("that name has a meaning of its own in JavaScript");
  if (key.includes("/")) refuse("a slash separates the set and its topic");
  if (!NAME_PATTERN.test(topicName(set, key)) || key === "") refuse(`both names joined by a slash must be ${NAME_RULE}`);
  if (topic?.kind !== "event" && topic?.kind !== "action" && topic?.kind !== "hook") {
    refuse("it must be made with event(), action() or hook()");
  }
}

/** How a topic goes by on the wire, in grants and in metrics. */
export function topicName(set: string, topic: string): string {
  return `${set}/${topic}`;
}

/** Says whether a value is a set of topics, and not a contract. */
export function isTopics(value: unknown): value is Topics {
  const { name, topics } = (value ?? {}) as Partial<Topics>;
  return typeof name === "string" && typeof topics === "object" && topics !== null;
}

/** Told to every subscriber; no one answers. Without a schema the type is trusted and nothing is checked. */
export function event<P = void>(): EventTopic<Schema<P>>;
export function event<P extends Schema>(payload: P): EventTopic<P>;
export function event(payload?: Schema): EventTopic<Schema> {
  checkSchema("event", "payload", payload);
  return { kind: "event", ...(payload && { payload }) };
}

/** Asked of every plugin that answers it; a strategy makes one result of the replies. */
export function action<In = void, Out = void>(): ActionTopic<Schema<In>, Schema<Out>>;
export function action<I extends Schema = Schema<void>, O extends Schema = Schema<void>>(schemas: {
  readonly input?: I;
  readonly output?: O;
}): ActionTopic<I, O>;
export function action(schemas: { readonly input?: Schema; readonly output?: Schema } = {}): ActionTopic<Schema, Schema> {
  if (isSchema(schemas)) throw new TypeError("Cannot make an action: a schema has its place, as in action({ input: schema })");
  if (typeof schemas !== "object" || schemas === null) {
    throw new TypeError("Cannot make an action: it takes an object of schemas, { input, output }");
  }
  for (const [name, schema] of Object.entries(schemas)) {
    if (name !== "input" && name !== "output") throw new TypeError(`Cannot make an action: it has no "${name}", only input and output`);
    checkSchema("action", name, schema);
  }
  const { input, output } = schemas;
  return { kind: "action", ...(input && { input }), ...(output && { output }) };
}

/** A value that passes through its handlers one after another: each gets what the last returned, and any of them may veto. */
export function hook<V = void>(): HookTopic<Schema<V>>;
export function hook<V extends Schema>(value: V): HookTopic<V>;
export function hook(value?: Schema): HookTopic<Schema> {
  checkSchema("hook", "value", value);
  return { kind: "hook", ...(value && { value }) };
}

function checkSchema(kind: string, name: string, schema: unknown): void {
  if (schema === undefined || isSchema(schema)) return;
  const article = kind === "hook" ? "a" : "an";
  throw new TypeError(`Cannot make ${article} ${kind}: its ${name} is no Standard Schema v1 validator (as Zod's and Valibot's are)`);
}
