import type { Attachments } from "./attachments.js";

/** What stands where JSON holds null, as the envelope's `refs` names it. */
export type Ref =
  | { readonly stream: number }
  | { readonly function: number }
  | { readonly bytes: string | readonly [offset: number, length: number] }
  | { readonly text: readonly [offset: number, length: number] };

/** Lends what crosses by reference, and gives the number that it goes by. Throws where it may not be lent. */
export interface Lender {
  lendFunction(value: (...args: unknown[]) => unknown): number;
  lendStream(value: AsyncIterable<unknown>): number;
}

/** A value made ready for JSON: null where something special was, and what that is. */
export interface Extracted {
  readonly value: unknown;
  /** JSON Pointers (RFC 6901) from the value to each place. */
  readonly refs: Readonly<Record<string, Ref>>;
}

/** A value that cannot be sent; `path` is a JSON Pointer to what keeps it from that. */
export class Unsendable extends Error {
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path === "" ? "it" : `what is at "${path}"`} ${problem}`, options);
    this.path = path;
  }

  /** The same path as its steps: members by name, entries of a list by number. */
  get steps(): (string | number)[] {
    const steps = this.path.split("/").slice(1).map(unescapePointer);
    return steps.map((step) => (/^(0|[1-9]\d{0,14})$/.test(step) ? Number(step) : step));
  }
}

// As deep as the limit on messages may be set. What is deeper is most likely a cycle; which of the two is told on the second look.
const TOO_DEEP = 1_000;

/**
 * Says whether a value holds bytes, functions, async iterables, or texts of so many characters. Most hold none, and cost this look alone.
 */
export function isSpecial(value: unknown, longText: number = Number.POSITIVE_INFINITY, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return isSpecialLeaf(value, longText);
  if (depth > TOO_DEEP) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const entry: unknown = value[index];
      if (typeof entry === "object" ? entry !== null && isSpecial(entry, longText, depth + 1) : isSpecialLeaf(entry, longText)) return true;
    }
    return false;
  }
  if (typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function") return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && (value instanceof Uint8Array || mayHideSpecial(value, prototype))) return true;
  for (const key in value) {
    const entry: unknown = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof entry === "object" ? entry !== null && isSpecial(entry, longText, depth + 1) : isSpecialLeaf(entry, longText)) return true;
  }
  return false;
}

function isSpecialLeaf(value: unknown, longText: number): boolean {
  return typeof value === "string" ? value.length >= longText : typeof value === "function";
}

/**
 * Takes out of a value what JSON cannot carry. The value itself is not changed.
 * @param attachments Where bytes and long texts are put, to travel beside the JSON; without it bytes become base64.
 * @throws {Unsendable} A cycle, a BigInt, a toJSON that throws, or what the lender does not lend, with the path to it.
 */
export function extract(value: unknown, lender: Lender, attachments?: Attachments): Extracted {
  const refs: Record<string, Ref> = {};
  const ancestors = new Set<object>();

  const bytesRef = (bytes: Uint8Array): Ref => ({
    bytes:
      attachments === undefined ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64") : attachments.add(bytes),
  });

  const takeText = (text: string, path: string): string | null => {
    const place = attachments?.addText(text);
    if (place === undefined) return text;
    refs[path] = { text: place };
    return null;
  };

  const lend = (path: string, work: () => number): number => {
    try {
      return work();
    } catch (cause) {
      throw new Unsendable(path, (cause as Error).message, { cause });
    }
  };

  const take = (part: unknown, path: string, key: string): unknown => {
    if (typeof part === "bigint" || part instanceof BigInt) {
      // Some programs teach BigInt to be JSON, as JSON.stringify() has it.
      const { toJSON } = part as { toJSON?: unknown };
      if (typeof toJSON === "function") return take(toJSON.call(part, key), path, key);
      throw new Unsendable(path, "is a BigInt, which JSON cannot carry");
    }
    if (typeof part === "function") {
      const id = lend(path, () => lender.lendFunction(part as () => unknown));
      refs[path] = { function: id };
      return null;
    }
    if (typeof part === "string") return takeText(part, path);
    if (typeof part !== "object" || part === null) return part;
    if (part instanceof Uint8Array) {
      refs[path] = bytesRef(part);
      return null;
    }
    if (isAsyncIterable(part)) {
      const id = lend(path, () => lender.lendStream(part));
      refs[path] = { stream: id };
      return null;
    }
    if (ancestors.has(part)) throw new Unsendable(path, "is part of a cycle, which JSON cannot carry");
    if (ancestors.size > TOO_DEEP) throw new Unsendable("", `is nested deeper than ${TOO_DEEP} levels`);
    ancestors.add(part);
    const taken = takeObject(part, path, key);
    ancestors.delete(part);
    return taken;
  };

  const takeObject = (part: object, path: string, key: string): unknown => {
    if (typeof (part as { toJSON?: unknown }).toJSON === "function") {
      let json: unknown;
      try {
        json = (part as { toJSON(key: string): unknown }).toJSON(key);
      } catch (cause) {
        throw new Unsendable(path, `has a toJSON that throws: ${textOf(cause)}`, { cause });
      }
      return json === part ? takeMembers(part, path) : take(json, path, key);
    }
    if (part instanceof Number || part instanceof String || part instanceof Boolean) return part.valueOf();
    return takeMembers(part, path);
  };

  const takeMembers = (part: object, path: string): unknown => {
    if (Array.isArray(part)) {
      return Array.from({ length: part.length }, (_, index) => take(read(part, String(index), path), `${path}/${index}`, String(index)));
    }
    // No prototype: a member called __proto__ is a member like any other.
    const copy = Object.create(null) as Record<string, unknown>;
    for (const name of Object.keys(part)) {
      const entry = read(part, name, path);
      if (entry !== undefined && typeof entry !== "symbol") copy[name] = take(entry, `${path}/${escapePointer(name)}`, name);
    }
    return copy;
  };

  return { value: take(value, "", ""), refs };
}

function read(holder: object, name: string, path: string): unknown {
  try {
    return (holder as Readonly<Record<string, unknown>>)[name];
  } catch (cause) {
    throw new Unsendable(`${path}/${escapePointer(name)}`, `has a getter that throws: ${textOf(cause)}`, { cause });
  }
}

function textOf(thrown: unknown): string {
  return String((thrown as Error | null | undefined)?.message ?? thrown);
}

/** Lends nothing: for what has no end until which it could be lent, and to find out what is wrong with a value. */
export const lendNothing: Lender = {
  lendFunction() {
    throw new Error("is a function, and only the input of a method or a stream may carry those");
  },
  lendStream() {
    throw new Error("is an async iterable, and only the input of a method or a stream may carry those");
  },
};

/**
 * Puts what the refs name into a parsed value, and returns the value.
 * @param revive Makes the thing of its ref; undefined if it is no ref that it knows.
 * @throws {Error} A place that is not there or does not hold null, or a ref of no known form: with the end of a sentence.
 */
export function restore(value: unknown, refs: unknown, revive: (ref: Readonly<Record<string, unknown>>) => unknown): unknown {
  if (typeof refs !== "object" || refs === null || Array.isArray(refs)) throw new Error("its refs are no object");
  const root = { "": value };
  for (const [pointer, ref] of Object.entries(refs as Readonly<Record<string, unknown>>)) {
    const { holder, key } = findPlace(root, pointer);
    const thing = typeof ref === "object" && ref !== null ? revive(ref as Readonly<Record<string, unknown>>) : undefined;
    if (thing === undefined) throw new Error(`its ref at ${shown(pointer)} is of no known form`);
    holder[key] = thing;
  }
  return root[""];
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function findPlace(root: Record<string, unknown>, pointer: string): Place {
  const refuse = (): never => {
    throw new Error(`its ref at ${shown(pointer)} names no place that holds null`);
  };
  let holder = root;
  // Step by step, and not split at once: a pointer may be as long as a message, and most of them end early.
  for (let start = 0; ; ) {
    const slash = pointer.indexOf("/", start);
    const end = slash < 0 ? pointer.length : slash;
    const key = unescapePointer(pointer.slice(start, end));
    // An array's own "length" is no place in it.
    if (!Object.hasOwn(holder, key) || (Array.isArray(holder) && !/^(0|[1-9]\d*)$/.test(key))) return refuse();
    const found = holder[key];
    if (slash < 0) return found === null ? { holder, key } : refuse();
    if (typeof found !== "object" || found === null) return refuse();
    holder = found as Record<string, unknown>;
    start = slash + 1;
  }
}

// Escaped, for the log: the other side's words may hold anything.
function shown(pointer: string): string {
  return JSON.stringify(pointer.slice(0, 128));
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function";
}

// The members of a plain object are looked at one by one. What a class has of its own may make something special of it.
function mayHideSpecial(value: object, prototype: unknown): boolean {
  if (prototype === null || prototype === Date.prototype) return false;
  return typeof (value as { toJSON?: unknown }).toJSON === "function";
}

function unescapePointer(step: string): string {
  return step.includes("~") ? step.replaceAll("~1", "/").replaceAll("~0", "~") : step;
}

function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
