import { escapeControls } from "../../util/text/escape-controls.js";
import { unescapeStep } from "../../util/text/json-pointer.js";

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
    const key = unescapeStep(pointer.slice(start, end));
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
  return escapeControls(JSON.stringify(pointer.slice(0, 128)));
}
