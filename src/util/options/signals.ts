import { type Default, type OptionsSource, option } from "./source.js";

/** Says whether a value is an AbortSignal, of whatever realm it is. */
export function isSignal(value: unknown): value is AbortSignal {
  const { throwIfAborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof throwIfAborted === "function" && typeof addEventListener === "function";
}

/** An option that is an AbortSignal. @throws {TypeError} */
export function signal<F>(from: OptionsSource, name: string, fallback: F): AbortSignal | Default<F> {
  return option(from, name, fallback, isSignal, "an AbortSignal");
}
