import { choice } from "./choices.js";
import type { OptionsSource } from "./source.js";

/** The option `values`: what becomes of what JSON would change without a word. @throws {TypeError} */
export function readValues(from: OptionsSource): "strict" | "json" {
  return choice(from, "values", "strict", ["strict", "json"]);
}
