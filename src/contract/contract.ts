import { isSchema, type Schema } from "./schema.js";

/** What two programs agreed on: the name, the types and the validators of what one may ask of the other. */
export interface Contract<M extends Members = Members> {
  /** Under which it is provided and dispensed. */
  readonly name: string;
  /** What one may ask for, by name. */
  readonly members: M;
}
/** One thing that may be asked for. */
export type Member = Method<any, any> | Stream<any, any> | Notification<any>;
/** A member that a plugin may lack, as an older one does. Made by `optional()`. */
export type OptionalMember<M extends Member> = M & {
  /** Tells it from a member that has to be there. */
  readonly optional: true;
};
/** The members of a contract, by name. */
export type Members = Readonly<Record<string, Member>>;
/** One value in, one value out. Made by `method()`. */
export interface Method<I extends Schema, O extends Schema> {
  /** Tells it from the other members. */
  readonly kind: "method";
  /** What its input is checked against. */
  readonly input?: I;
  /** What its result is checked against. */
  readonly output?: O;
}
/** One value in, many out. Made by `stream()`. */
export interface Stream<I extends Schema, O extends Schema> {
  /** Tells it from the other members. */
  readonly kind: "stream";
  /** What its input is checked against. */
  readonly input?: I;
  /** What each item is checked against. */
  readonly output?: O;
}
/** One value in, no answer. Made by `notification()`. */
export interface Notification<I extends Schema> {
  /** Tells it from the other members. */
  readonly kind: "notification";
  /** What its input is checked against. */
  readonly input?: I;
}

/** What a name on the wire may look like, a contract's and a member's joined by a dot. */
export const NAME_PATTERN: RegExp = /^[A-Za-z0-9_.:/$-]{1,128}$/;
/** The same, for a sentence. */
export const NAME_RULE = "1 to 128 of A-Z a-z 0-9 _ . : / $ -";

/**
 * Makes a contract. Both programs import it, and both `implement` and `dispense` take it.
 * @param name Unique among what a plugin provides, as in `greeter`.
 * @throws {TypeError} A member named `then` or `__proto__` or with a dot; a contract named `rpc` or `rpc.…`;
 *   a name with other characters than letters, digits and `_ . : / $ -`; names over 128 characters together.
 * @example const greeter = defineContract("greeter", { greet: method<{ name: string }, string>() });
 */
export function defineContract<const M extends Members>(name: string, members: M & { readonly then?: never }): Contract<M> {
  if (typeof name !== "string" || !NAME_PATTERN.test(name)) {
    throw new TypeError(`Cannot define contract "${String(name)}": a name is ${NAME_RULE}`);
  }
  if (name === "rpc" || name.startsWith("rpc.")) {
    throw new TypeError(`Cannot define contract "${name}": names that begin with "rpc." belong to the protocol`);
  }
  const prototype: unknown = typeof members === "object" && members !== null ? Object.getPrototypeOf(members) : undefined;
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`Cannot define contract "${name}": its members must be a plain object with no member "__proto__"`);
  }
  const copy: Record<string, Member> = {};
  for (const [memberName, member] of Object.entries(members)) {
    checkMember(name, memberName, member);
    copy[memberName] = Object.freeze({ ...member });
  }
  return Object.freeze({ name, members: Object.freeze(copy) as M });
}

/** @throws {TypeError} If that is no contract. `action` is what was attempted with it, for the sentence. */
export function checkContract(value: unknown, action: "dispense" | "implement"): void {
  const { name, members } = (value ?? {}) as Partial<Contract>;
  if (typeof name === "string" && NAME_PATTERN.test(name) && typeof members === "object" && members !== null) return;
  throw new TypeError(
    `Cannot ${action} ${value === null ? "null" : typeof value === "string" ? `"${value}"` : typeof value}: it takes a contract made with defineContract()`,
  );
}

function checkMember(contract: string, name: string, member: Member): void {
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot define member "${name}" of contract "${contract}": ${why}`);
  };
  // `then` would make `await` call the remote; `__proto__` cannot be an ordinary property of it.
  if (name === "then" || name === "__proto__") refuse("that name has a meaning of its own in JavaScript");
  if (name === "") refuse("it has no name");
  if (name.includes(".")) refuse("a dot separates contract and member");
  if (!NAME_PATTERN.test(`${contract}.${name}`)) {
    refuse(`both names joined by a dot must be ${NAME_RULE}`);
  }
  if (!isMember(member)) refuse("it must be made with method(), stream() or notification()");
}

/**
 * Makes a member with one value in and one value out. Without schemas the types are trusted and nothing is checked.
 * @param schemas Validators of the input and of the result.
 * @throws {TypeError} If a schema is no Standard Schema v1 validator, or is given as it is: it has its place, as in `{ input: schema }`.
 * @example method({ input: z.object({ name: z.string() }), output: z.string() })
 */
export function method<In = void, Out = void>(): Method<Schema<In>, Schema<Out>>;
export function method<I extends Schema = Schema<void>, O extends Schema = Schema<void>>(schemas: {
  readonly input?: I;
  readonly output?: O;
}): Method<I, O>;
export function method(schemas: { readonly input?: Schema; readonly output?: Schema } = {}): Method<Schema, Schema> {
  return { kind: "method", ...pick(schemas, "method") };
}

/**
 * Makes a member with one value in and many out, until the handler returns or the caller stops reading.
 * @param schemas Validators of the input and of each item.
 * @throws {TypeError} As `method()`.
 * @example stream<{ from: number }, string>()
 */
export function stream<In = void, Item = unknown>(): Stream<Schema<In>, Schema<Item>>;
export function stream<I extends Schema = Schema<void>, O extends Schema = Schema<unknown>>(schemas: {
  readonly input?: I;
  readonly output?: O;
}): Stream<I, O>;
export function stream(schemas: { readonly input?: Schema; readonly output?: Schema } = {}): Stream<Schema, Schema> {
  return { kind: "stream", ...pick(schemas, "stream") };
}

/**
 * Makes a member with one value in and no answer: its promise resolves when the message was handed to the system.
 * @param schemas A validator of the input.
 * @throws {TypeError} As `method()`.
 * @example notification<{ text: string }>()
 */
export function notification<In = void>(): Notification<Schema<In>>;
export function notification<I extends Schema>(schemas: { readonly input: I }): Notification<I>;
export function notification(schemas: { readonly input?: Schema } = {}): Notification<Schema> {
  const { input } = pick(schemas, "notification");
  return { kind: "notification", ...(input && { input }) };
}

function pick(schemas: { readonly input?: Schema; readonly output?: Schema }, kind: Member["kind"]): typeof schemas {
  const names = kind === "notification" ? ["input"] : ["input", "output"];
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot make a ${kind}: ${why}`);
  };
  // A schema given as it is would be taken for an object without schemas, and nothing would ever be checked.
  if (isSchema(schemas)) refuse(`a schema has its place, as in ${kind}({ input: schema })`);
  if (typeof schemas !== "object" || schemas === null) refuse(`it takes an object of schemas, { ${names.join(", ")} }`);
  for (const [name, schema] of Object.entries(schemas)) {
    if (!names.includes(name)) refuse(`it has no "${name}", only ${names.join(" and ")}`);
    if (schema !== undefined && !isSchema(schema)) {
      refuse(`its ${name} is no Standard Schema v1 validator (as Zod's and Valibot's are)`);
    }
  }
  const { input, output } = schemas;
  return { ...(input && { input }), ...(output && { output }) };
}

/**
 * Makes a member that the other side may lack: its function is then `undefined` on the remote. So a contract may gain a member, and
 * plugins that were built before it go on working.
 * @param member Made with `method()`, `stream()` or `notification()`.
 * @throws {TypeError} If it was not.
 * @example defineContract("kv", { get: method<string, string>(), size: optional(method<void, number>()) })
 */
export function optional<M extends Member>(member: M): OptionalMember<M> {
  if (!isMember(member)) throw new TypeError("Cannot make a member optional: it must be made with method(), stream() or notification()");
  return { ...member, optional: true };
}

/** Says whether a member may be lacking. */
export function isOptional(member: Member): boolean {
  return (member as Partial<OptionalMember<Member>>).optional === true;
}

function isMember(value: unknown): value is Member {
  const { kind } = (value ?? {}) as { readonly kind?: unknown };
  return kind === "method" || kind === "stream" || kind === "notification";
}
