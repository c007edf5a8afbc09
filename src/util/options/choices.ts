import { type Default, type OptionsSource, option } from "./source.js";

/** An option that is one of some texts. @throws {TypeError} */
export function choice<T extends string, F>(from: OptionsSource, name: string, fallback: F, choices: readonly T[]): T | Default<F> {
  const isOne = (value: unknown): value is T => choices.includes(value as T);
  const quoted = choices.map((each) => `"${each}"`);
  return option(from, name, fallback, isOne, `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`);
}
