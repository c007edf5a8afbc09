import { type OptionsSource, optional } from "./source.js";

export function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}

/** An option that is true or false. @throws {TypeError} */
export function flag<F extends boolean | undefined>(from: OptionsSource, name: string, fallback: F): boolean | F {
  return optional(from, name, fallback, isFlag, "true or false");
}
