import { extract, lendNothing, type ValueRules } from "../../wire/references/extract.js";
import { Unsendable } from "../../wire/references/unsendable.js";
import { textOfThrown } from "./remote-error.js";

/** What is wrong with a value: the end of a sentence, and the way to it from the value on. An issue of a ValidationError, as it is. */
export interface Flaw {
  readonly message: string;
  readonly path?: readonly PropertyKey[];
}

/** Why a value could not be made into JSON. */
export function flawOf(value: unknown, thrown: unknown, rules: ValueRules = "strict"): Flaw {
  if (thrown instanceof Unsendable) return flawAt(thrown);
  try {
    extract(value, lendNothing, undefined, rules);
  } catch (found) {
    if (found instanceof Unsendable) return flawAt(found);
  }
  return { message: textOfThrown(thrown) };
}

function flawAt({ message, steps }: Unsendable): Flaw {
  return steps.length === 0 ? { message } : { message, path: steps };
}
