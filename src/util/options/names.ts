/** Says whether a value can hold options: an object of any class of the caller's, or a module; no list, Date, Map or promise. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const kind = Object.prototype.toString.call(value);
  return kind === "[object Object]" || kind === "[object Module]";
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

/** The one of these names that a misspelt one was most likely meant to be; undefined where none is near. */
export function nearest(misspelt: string, names: Iterable<string>): string | undefined {
  let least = Math.max(1, Math.floor(misspelt.length / 3)) + 1;
  let found: string | undefined;
  for (const name of names) {
    const edits = editsBetween(misspelt.toLowerCase(), name.toLowerCase());
    if (edits >= least) continue;
    least = edits;
    found = name;
  }
  return found;
}

/** How many characters have to be put in, left out or changed to make one text of the other (Levenshtein's distance). */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let line = 1; line <= one.length; line++) {
    const next = [line];
    for (let column = 1; column <= other.length; column++) {
      const same = one[line - 1] === other[column - 1];
      const changed = (row[column - 1] as number) + (same ? 0 : 1);
      next.push(Math.min(changed, (row[column] as number) + 1, (next[column - 1] as number) + 1));
    }
    row = next;
  }
  return row[other.length] as number;
}
