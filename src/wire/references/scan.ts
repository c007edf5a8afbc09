/** As deep as the limit on messages may be set. What is deeper is most likely a cycle. */
export const MAX_SCAN_DEPTH = 1_000;

/**
 * Says whether a value holds bytes, functions, async iterables, or texts of so many characters. Most hold none, and cost this look alone.
 */
export function isSpecial(value: unknown, longText: number = Number.POSITIVE_INFINITY, depth = 0): boolean {
  if (typeof value === "string") return value.length >= longText;
  if (typeof value !== "object" || value === null) return typeof value === "function";
  // Which of the two it is, deep or a cycle, is found out by extract().
  if (depth > MAX_SCAN_DEPTH) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const entry: unknown = value[index];
      // A call for each short text and each number would be most of what this costs.
      const isSimple = typeof entry === "string" ? entry.length < longText : typeof entry === "number";
      if (!isSimple && isSpecial(entry, longText, depth + 1)) return true;
    }
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && (value instanceof Uint8Array || mayHideSpecial(value, prototype))) return true;
  if (typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function") return true;
  for (const key in value) {
    const entry: unknown = (value as Readonly<Record<string, unknown>>)[key];
    const isSimple = typeof entry === "string" ? entry.length < longText : typeof entry === "number";
    if (!isSimple && isSpecial(entry, longText, depth + 1)) return true;
  }
  return false;
}

export function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function";
}

// The members of a plain object are looked at one by one. What a class has of its own may make something special of it.
function mayHideSpecial(value: object, prototype: unknown): boolean {
  if (prototype === null || prototype === Date.prototype) return false;
  return typeof (value as { toJSON?: unknown }).toJSON === "function";
}
