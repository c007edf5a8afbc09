import { extract, lendNothing, Unsendable } from "../wire/references.js";
import { textOfThrown } from "./remote-error.js";

/** Why a value could not be made into JSON, as the end of a sentence, with the path to what keeps it from that. */
export function reasonWhy(value: unknown, thrown: unknown): string {
  if (thrown instanceof Unsendable) return thrown.message;
  try {
    extract(value, lendNothing);
  } catch (found) {
    if (found instanceof Unsendable) return found.message;
  }
  return textOfThrown(thrown);
}
