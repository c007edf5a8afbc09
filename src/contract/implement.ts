import type { Handlers } from "./context.js";
import { type Contract, checkContract, isOptional, type Member } from "./contract.js";
import type { TopicHandlers } from "./topic-views.js";
import { isTopics, type Topic, type Topics } from "./topics.js";

/** A contract, or a set of topics, paired with the functions that do the work: what `provides` takes. */
export interface Implementation {
  /** The contract's. */
  readonly name: string;
}

/** What an Implementation holds. Plain properties: another copy of the package reads them too. */
export interface ImplementationRecord extends Implementation {
  readonly contract: Contract;
  readonly handlers: ReadonlyMap<string, AnyHandler>;
}
/** The same of a set of topics. */
export interface TopicImplementation extends Implementation {
  readonly topics: Topics;
  readonly handlers: ReadonlyMap<string, AnyHandler>;
}
export type AnyHandler = (input: unknown, context: unknown) => unknown;

/**
 * Pairs a contract, or a set of topics, with the functions that do the work.
 * @param handlers One function per member, in a plain object or an instance of a class; they keep their `this`. Of topics, those that
 *   are heard or answered.
 * @throws {TypeError} A member without a handler that is not optional, a handler that is no function, or one for no member.
 * @example implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })
 */
export function implement<C extends Contract | Topics>(contract: C, handlers: HandlersOf<C>): Implementation {
  return isTopics(contract) ? implementTopics(contract, handlers) : implementContract(contract, handlers);
}
/** What implement() takes for a contract, or for a set of topics. */
export type HandlersOf<C> = C extends Topics ? TopicHandlers<C> : C extends Contract ? Handlers<C> : never;

function implementContract(contract: Contract, handlers: unknown): ImplementationRecord {
  checkContract(contract, "implement");
  const source = handlers as Readonly<Record<string, unknown>>;
  if (typeof source !== "object" || source === null) {
    throw new TypeError(`Cannot implement contract "${contract.name}": the handlers must be an object of functions`);
  }
  const found = new Map<string, AnyHandler>();
  for (const [name, member] of Object.entries<Member>(contract.members)) {
    const handler = ownOrClass(source, name);
    if (handler === undefined && isOptional(member)) continue;
    if (typeof handler !== "function") {
      throw new TypeError(`Cannot implement contract "${contract.name}": the handlers lack a function for its ${member.kind} "${name}"`);
    }
    found.set(name, handler.bind(source) as AnyHandler);
  }
  const stray = keysOf(source).find((name) => !Object.hasOwn(contract.members, name));
  if (stray !== undefined) {
    const members = Object.keys(contract.members).join(", ");
    throw new TypeError(`Cannot implement contract "${contract.name}": it has no member "${stray}"; its members are ${members}`);
  }
  return Object.freeze({ name: contract.name, contract, handlers: found }) satisfies ImplementationRecord;
}

function implementTopics(topics: Topics, handlers: unknown): TopicImplementation {
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot implement topics "${topics.name}": ${why}`);
  };
  const source = handlers as Readonly<Record<string, unknown>>;
  if (typeof source !== "object" || source === null) refuse("the handlers must be an object of functions");
  const found = new Map<string, AnyHandler>();
  for (const [name, topic] of Object.entries<Topic>(topics.topics)) {
    const handler = ownOrClass(source, name);
    if (handler === undefined) continue;
    if (typeof handler !== "function") return refuse(`what is given for its ${topic.kind} "${name}" is no function`);
    found.set(name, handler.bind(source) as AnyHandler);
  }
  const stray = keysOf(source).find((name) => !found.has(name) && source[name] !== undefined);
  if (stray !== undefined) refuse(`it has no topic "${stray}"; its topics are ${Object.keys(topics.topics).join(", ")}`);
  return Object.freeze({ name: topics.name, topics, handlers: found }) satisfies TopicImplementation;
}

// Only of a plain object: a class instance may have state and helpers beside its handlers.
function keysOf(source: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(source);
  return prototype === Object.prototype || prototype === null ? Object.keys(source) : [];
}

// A member called `toString` must not be served by Object.prototype, nor one called `constructor` by the class itself.
function ownOrClass(source: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(source, name)) return source[name];
  const value = source[name];
  return name === "constructor" || value === (Object.prototype as unknown as typeof source)[name] ? undefined : value;
}
