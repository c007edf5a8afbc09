import { pointerTo } from "../../util/text/json-pointer.js";
import type { Attachments } from "../attachments.js";
import { fixedView, isBytes } from "./bytes.js";
import type { Extracted, Ref } from "./ref.js";
import { isAsyncIterable, kindOf, MAX_SCAN_DEPTH } from "./scan.js";
import { whyUncarried } from "./uncarried.js";
import { Unsendable } from "./unsendable.js";

/**
 * What becomes of what JSON would change without a word, as NaN, a Map or a promise: it is refused, or left to JSON, which makes null
 * or `{}` of it.
 */
export type ValueRules = "strict" | "json";

/** Lends what crosses by reference, and gives the number that it goes by. Throws where it may not be lent. */
export interface Lender {
  lendFunction(value: (...args: unknown[]) => unknown): number;
  lendStream(value: AsyncIterable<unknown>): number;
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
 * Takes out of a value what JSON cannot carry. The value itself is not changed.
 * @param attachments Where bytes and long texts are put, to travel beside the JSON; without it bytes become base64.
 * @throws {Unsendable} A cycle, a BigInt, a toJSON that throws, bytes without memory, what the lender does not lend, or what the rules
 *   refuse, with the path to it.
 */
export function extract(value: unknown, lender: Lender, attachments?: Attachments, rules: ValueRules = "strict"): Extracted {
  const extraction = new Extraction(lender, attachments, rules === "strict");
  return { value: extraction.take(value, "", ""), refs: extraction.refs };
}

/** One value on its way through extract(). A part is given with its pointer, and with its name as toJSON() gets it. */
class Extraction {
  readonly refs: Record<string, Ref> = {};
  readonly #lender: Lender;
  readonly #attachments: Attachments | undefined;
  readonly #isStrict: boolean;
  readonly #ancestors = new Set<object>();

  constructor(lender: Lender, attachments: Attachments | undefined, isStrict: boolean) {
    this.#lender = lender;
    this.#attachments = attachments;
    this.#isStrict = isStrict;
  }

  take(part: unknown, path: string, key: string): unknown {
    if (typeof part === "string") return this.#takeText(part, path);
    if (typeof part === "bigint") return this.#takeBigInt(part, path, key);
    if (typeof part === "function") {
      return this.#leave(path, { function: lend(path, () => this.#lender.lendFunction(part as () => unknown)) });
    }
    if (this.#isStrict) refuseUncarried(part, path);
    if (typeof part !== "object" || part === null) return part;
    if (isBytes(part)) return this.#leave(path, this.#bytesRef(part, path));
    if (isAsyncIterable(part)) return this.#leave(path, { stream: lend(path, () => this.#lender.lendStream(part)) });
    return this.#takeOnce(part, path, key);
  }

  /** Null stands in its place. */
  #leave(path: string, ref: Ref): null {
    this.refs[path] = ref;
    return null;
  }

  #takeText(text: string, path: string): string | null {
    const place = this.#attachments?.addText(text);
    return place === undefined ? text : this.#leave(path, { text: place });
  }

  // Some programs teach BigInt to be JSON, as JSON.stringify() has it.
  #takeBigInt(part: unknown, path: string, key: string): unknown {
    const { toJSON } = part as { toJSON?: unknown };
    if (typeof toJSON === "function") return this.take(toJSON.call(part, key), path, key);
    throw new Unsendable(path, "is a BigInt, which JSON cannot carry");
  }

  #bytesRef(bytes: Uint8Array, path: string): Ref {
    const view = fixedView(bytes);
    if (view === undefined) throw new Unsendable(path, "is bytes without memory: that was transferred, or shrunk");
    if (this.#attachments !== undefined) return { bytes: this.#attachments.add(view) };
    return { bytes: Buffer.from(view.buffer, view.byteOffset, view.length).toString("base64") };
  }

  #takeOnce(part: object, path: string, key: string): unknown {
    if (this.#ancestors.has(part)) throw new Unsendable(path, "is part of a cycle, which JSON cannot carry");
    if (this.#ancestors.size > MAX_SCAN_DEPTH) throw new Unsendable("", `is nested deeper than ${MAX_SCAN_DEPTH} levels`);
    this.#ancestors.add(part);
    const taken = this.#takeObject(part, path, key);
    this.#ancestors.delete(part);
    return taken;
  }

  #takeObject(part: object, path: string, key: string): unknown {
    if (typeof (part as { toJSON?: unknown }).toJSON === "function") {
      const json = jsonOf(part as { toJSON(key: string): unknown }, path, key);
      return json === part ? this.#takeMembers(part, path) : this.take(json, path, key);
    }
    const kind = kindOf(part);
    if (kind === "BigInt") return this.#takeBigInt(part, path, key);
    if (kind === "Number" || kind === "String" || kind === "Boolean") return this.take(unboxed(part, kind), path, key);
    return this.#takeMembers(part, path);
  }

  #takeMembers(part: object, path: string): unknown {
    if (Array.isArray(part)) {
      return Array.from({ length: part.length }, (_, index) => {
        const name = String(index);
        return this.take(read(part, name, path), pointerTo(path, index), name);
      });
    }
    // No prototype: a member called __proto__ is a member like any other.
    const copy = Object.create(null) as Record<string, unknown>;
    for (const name of Object.keys(part)) {
      const entry = read(part, name, path);
      if (entry !== undefined && (this.#isStrict || typeof entry !== "symbol")) copy[name] = this.take(entry, pointerTo(path, name), name);
    }
    return copy;
  }
}

function refuseUncarried(part: unknown, path: string): void {
  const why = whyUncarried(part);
  if (why !== undefined) throw new Unsendable(path, why);
}

// As JSON.stringify() has it.
function unboxed(part: object, kind: "Number" | "String" | "Boolean"): unknown {
  return kind === "Number" ? Number(part) : kind === "String" ? String(part) : Boolean.prototype.valueOf.call(part);
}

function lend(path: string, work: () => number): number {
  try {
    return work();
  } catch (cause) {
    throw new Unsendable(path, (cause as Error).message, { cause });
  }
}

function jsonOf(part: { toJSON(key: string): unknown }, path: string, key: string): unknown {
  try {
    return part.toJSON(key);
  } catch (cause) {
    throw new Unsendable(path, `has a toJSON that throws: ${textOf(cause)}`, { cause });
  }
}

function read(holder: object, name: string, path: string): unknown {
  try {
    return (holder as Readonly<Record<string, unknown>>)[name];
  } catch (cause) {
    throw new Unsendable(pointerTo(path, name), `has a getter that throws: ${textOf(cause)}`, { cause });
  }
}

function textOf(thrown: unknown): string {
  return String((thrown as Error | null | undefined)?.message ?? thrown);
}
