import { type OptionsSource, optional, required } from "./source.js";

/** An option that is one of some texts. @throws {TypeError} */
export function choice<T extends string>(from: OptionsSource, name: string, fallback: T, choices: readonly T[]): T {
  return optional(from, name, fallback, isOneOf(choices), listed(choices));
}

/** The same where one must be given. @throws {TypeError} */
export function requiredChoice<T extends string>(from: OptionsSource, name: string, choices: readonly T[]): T {
  return required(from, name, isOneOf(choices), listed(choices));
}

function isOneOf<T extends string>(choices: readonly T[]): (value: unknown) => value is T {
  return (value): value is T => choices.includes(value as T);
}

function listed(choices: readonly string[]): string {
  const quoted = choices.map((each) => `"${each}"`);
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}
