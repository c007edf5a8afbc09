import { mistake, type OptionsSource, optional, required } from "./source.js";

// What a function of the caller's takes and gives, its declared type says; here it can only be seen to be one.
type AnyFunction = (...args: never[]) => unknown;

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === "function";
}

/** An option that is a function. @throws {TypeError} */
export function callback<T extends AnyFunction>(from: OptionsSource, name: string): T | undefined {
  return optional(from, name, undefined, isFunction, "a function") as T | undefined;
}

/** The same where one must be given. @throws {TypeError} */
export function requiredCallback<T extends AnyFunction>(from: OptionsSource, name: string): T {
  return required(from, name, isFunction, "a function") as T;
}

/** An option that is an object with these functions, whatever else it is. @throws {TypeError} */
export function withFunctions<T>(from: OptionsSource, name: string, functions: readonly (keyof T & string)[]): T | undefined {
  const value = from.values[name];
  if (value === undefined) return undefined;
  const lacking = functions.filter((each) => typeof (value as Readonly<Record<string, unknown>> | null)?.[each] !== "function");
  if (lacking.length > 0) throw mistake(from, `${from.prefix}${name} has no function ${lacking.join(", ")}`);
  return value as T;
}
