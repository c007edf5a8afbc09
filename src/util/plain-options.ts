import { showValue } from "./show-value.js";

/** Says whether a value can hold options: an object of any class of its maker's, or a module; no list, Date, Map or promise. */
export function isOptions(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const kind = Object.prototype.toString.call(value);
  return kind === "[object Object]" || kind === "[object Module]";
}

/**
 * What is wrong with the options that were given, as the end of a sentence; undefined if they are an object of these names.
 *
 * Calls ask this too: what is in order costs a look at each name.
 */
export function faultOfOptions(value: unknown, names: ReadonlySet<string>): string | undefined {
  let known = false;
  for (const name in value as object) {
    if (names.has(name)) known = true;
    // What a library has given to every object is no word of the caller's.
    else if (Object.hasOwn(value as object, name) && isOptions(value)) {
      return `there is no option "${name}"; the options are ${[...names].join(", ")}`;
    }
  }
  // A Map or a signal of somebody else's has no name of ours.
  return known || isOptions(value) ? undefined : `the options are ${showValue(value)}, and must be an object`;
}
