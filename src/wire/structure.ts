import { isWithinDepth } from "../util/depth.js";

/** How deep a message may be nested, and how many values it may hold. */
export interface StructureLimits {
  readonly maxDepth: number;
  readonly maxValues: number;
}
export type StructureFault = "too deep" | "too many values";

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;

/**
 * What of a JSON text is beyond the limits, without parsing it: 32 MiB of `{},{},…` hold JSON.parse up for ten seconds, and become a
 * gigabyte. Each member of an object and each element of a list is a value, and so is what holds them. Short texts, which most are, cost
 * what a look at their depth costs.
 */
export function structureFault(text: string, start: number, end: number, maxDepth: number, maxValues: number): StructureFault | undefined {
  // A value takes two characters at least, together with what divides it from the next.
  if (end - start < 2 * maxValues) return isWithinDepth(text, start, end, maxDepth) ? undefined : "too deep";
  let depth = 0;
  let values = 1;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfText(text, index, end);
      if (index < 0) return undefined; // An open string: no JSON, as the parser will say.
    } else if (code === COMMA) {
      if (++values > maxValues) return "too many values";
    } else if ((code | 32) === 123) {
      // `{` and `[`; one that is closed at once holds nothing.
      if (++depth > maxDepth) return "too deep";
      if ((text.charCodeAt(index + 1) | 32) !== 125 && ++values > maxValues) return "too many values";
    } else if ((code | 32) === 125) {
      depth--;
    }
  }
  return undefined;
}

/** The index of the quote that ends the text begun at `open`, or -1. */
function endOfText(text: string, open: number, end: number): number {
  for (let index = open + 1; index < end; ) {
    const quote = text.indexOf('"', index);
    if (quote < 0 || quote >= end) return -1;
    let slashes = 0;
    while (text.charCodeAt(quote - slashes - 1) === BACKSLASH && quote - slashes - 1 > open) slashes++;
    if (slashes % 2 === 0) return quote;
    index = quote + 1;
  }
  return -1;
}
