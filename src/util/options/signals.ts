import { type OptionsSource, optional, required } from "./source.js";

const WANTED = "an AbortSignal";

/** Says whether a value is an AbortSignal, of whatever realm it is. */
export function isSignal(value: unknown): value is AbortSignal {
  const { throwIfAborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof throwIfAborted === "function" && typeof addEventListener === "function";
}

/** An option that is an AbortSignal. @throws {TypeError} */
export function signal(from: OptionsSource, name: string): AbortSignal | undefined {
  return optional(from, name, undefined, isSignal, WANTED);
}

/** The same where one must be given. @throws {TypeError} */
export function requiredSignal(from: OptionsSource, name: string): AbortSignal {
  return required(from, name, isSignal, WANTED);
}
