/** As deep as the limit on messages may be set. What is deeper is most likely a cycle. */
export const MAX_SCAN_DEPTH = 1_000;

/**
 * Says whether a value holds what JSON does not carry as it is: bytes, functions, async iterables, texts of so many characters, and
 * what extract() refuses, as NaN or a Map. Most hold none, and cost this look alone.
 */
export function isSpecial(value: unknown, longText: number = Number.POSITIVE_INFINITY, depth = 0): boolean {
  if (typeof value === "string") return value.length >= longText;
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value !== "object" || value === null) return typeof value === "function" || typeof value === "symbol";
  // Which of the two it is, deep or a cycle, is found out by extract().
  if (depth > MAX_SCAN_DEPTH) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const entry: unknown = value[index];
      // A call for each short text and each number would be most of what this costs.
      const isSimple = typeof entry === "string" ? entry.length < longText : typeof entry === "number" && Number.isFinite(entry);
      if (!isSimple && isSpecial(entry, longText, depth + 1)) return true;
    }
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && mayBeSpecial(value)) return true;
  if (typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function") return true;
  for (const key in value) {
    const entry: unknown = (value as Readonly<Record<string, unknown>>)[key];
    const isSimple = typeof entry === "string" ? entry.length < longText : typeof entry === "number" && Number.isFinite(entry);
    if (!isSimple && isSpecial(entry, longText, depth + 1)) return true;
  }
  return false;
}

export function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function";
}

// The members of a plain object are looked at one by one. What a class has of its own may make something special of it.
function mayBeSpecial(value: object): boolean {
  // Not kindOf(): each instance of a class in a value pays for this.
  const tag: string = Object.prototype.toString.call(value);
  if (tag === "[object Object]") {
    const { toJSON, then } = value as { toJSON?: unknown; then?: unknown };
    return typeof toJSON === "function" || typeof then === "function";
  }
  return tag !== "[object Date]" || Object.getPrototypeOf(value) !== Date.prototype || !isValidDate(value);
}

/** What a value is by its own account, whatever realm made it, as in `Map`; `Object` for one of a class that says nothing. */
export function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** One that JSON.stringify() makes the text of a time of. */
export function isValidDate(value: object): boolean {
  try {
    return !Number.isNaN(Date.prototype.getTime.call(value));
  } catch {
    return true; // It only says that it is one. Whatever it is, it is left to its toJSON.
  }
}
