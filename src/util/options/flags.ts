import { type Default, type OptionsSource, option } from "./source.js";

export function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}

/** An option that is true or false. @throws {TypeError} */
export function flag<F>(from: OptionsSource, name: string, fallback: F): boolean | Default<F> {
  return option(from, name, fallback, isFlag, "true or false");
}
