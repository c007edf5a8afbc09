import { type Default, mistake, type OptionsSource, option } from "./source.js";

// What a function of the caller's takes and gives, its declared type says; here it can only be seen to be one.
type AnyFunction = (...args: never[]) => unknown;

/** An option that is a function, of a type that is taken on trust. @throws {TypeError} */
export function callback<T extends AnyFunction, F>(from: OptionsSource, name: string, fallback: F): T | Default<F> {
  return option(from, name, fallback, (value): value is T => typeof value === "function", "a function");
}

/** An option that is an object with these functions, whatever else it is. @throws {TypeError} */
export function withFunctions<T>(from: OptionsSource, name: string, functions: readonly (keyof T & string)[]): T | undefined {
  const value = from.values[name];
  if (value === undefined) return undefined;
  const lacking = functions.filter((each) => typeof (value as Readonly<Record<string, unknown>> | null)?.[each] !== "function");
  if (lacking.length > 0) throw mistake(from, `${from.prefix}${name} has no function ${lacking.join(", ")}`);
  return value as T;
}
