import { type Contract, checkContract, type Member } from "./contract.js";
import type { Handlers } from "./views.js";

/** A contract paired with the functions that do the work: what `provides` takes. */
export interface Implementation {
  /** The contract's. */
  readonly name: string;
}

/** What an Implementation holds. Plain properties: another copy of the package reads them too. */
export interface ImplementationRecord extends Implementation {
  readonly contract: Contract;
  readonly handlers: ReadonlyMap<string, AnyHandler>;
}
export type AnyHandler = (input: unknown, context: unknown) => unknown;

/**
 * Pairs a contract with the functions that do the work.
 * @param handlers One function per member, in a plain object or an instance of a class; they keep their `this`.
 * @throws {TypeError} A member without a handler, a handler that is no function, or one for no member.
 * @example implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })
 */
export function implement<C extends Contract>(contract: C, handlers: Handlers<C>): Implementation {
  checkContract(contract, "implement");
  const source = handlers as Readonly<Record<string, unknown>>;
  if (typeof source !== "object" || source === null) {
    throw new TypeError(`Cannot implement contract "${contract.name}": the handlers must be an object of functions`);
  }
  const found = new Map<string, AnyHandler>();
  for (const [name, member] of Object.entries<Member>(contract.members)) {
    const handler = ownOrClass(source, name);
    if (typeof handler !== "function") {
      throw new TypeError(`Cannot implement contract "${contract.name}": the handlers lack a function for its ${member.kind} "${name}"`);
    }
    found.set(name, handler.bind(source) as AnyHandler);
  }
  // Only a plain object: a class instance may have state and helpers beside its handlers.
  const prototype: unknown = Object.getPrototypeOf(source);
  for (const name of prototype === Object.prototype || prototype === null ? Object.keys(source) : []) {
    if (!found.has(name)) {
      const members = Object.keys(contract.members).join(", ");
      throw new TypeError(`Cannot implement contract "${contract.name}": it has no member "${name}"; its members are ${members}`);
    }
  }
  return Object.freeze({ name: contract.name, contract, handlers: found }) satisfies ImplementationRecord;
}

// A member called `toString` must not be served by Object.prototype, nor one called `constructor` by the class itself.
function ownOrClass(source: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(source, name)) return source[name];
  const value = source[name];
  return name === "constructor" || value === (Object.prototype as unknown as typeof source)[name] ? undefined : value;
}
