/** Says whether a value can hold options: an object of any class of the caller's, or a module; no list, Date, Map or promise. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const kind = Object.prototype.toString.call(value);
  return kind === "[object Object]" || kind === "[object Module]";
}

/** Names from a text with spaces between them. */
export function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}

/** Says whether a value is an object of options with no other names than these. Calls ask this too: it costs a look at each name. */
export function hasOnly(value: unknown, names: ReadonlySet<string>): boolean {
  let known = false;
  for (const name in value as object) {
    if (names.has(name)) known = true;
    // What a library has added to Object.prototype is not the caller's word.
    else if (Object.hasOwn(value as object, name)) return false;
  }
  // A Map, or a signal in the place of options, has none of these names.
  return known || isObject(value);
}

// With less in common they are two words.
const LEAST_ALIKE = 2 / 3;

/** The one of these names that a misspelt one was most likely meant to be; undefined where none is near. */
export function nearest(misspelt: string, names: ReadonlySet<string>): string | undefined {
  const alike = (name: string): number => shareInCommon(misspelt.toLowerCase(), name.toLowerCase());
  const [best = ""] = [...names].sort((one, other) => alike(other) - alike(one));
  return alike(best) >= LEAST_ALIKE ? best : undefined;
}

/** The share of the longer text that stands at the beginning and the end of both: one slip leaves most of a name. */
function shareInCommon(one: string, other: string): number {
  const shorter = Math.min(one.length, other.length);
  let begin = 0;
  while (begin < shorter && one[begin] === other[begin]) begin++;
  let end = 0;
  while (end < shorter - begin && one.at(-1 - end) === other.at(-1 - end)) end++;
  return (begin + end) / Math.max(one.length, other.length);
}
