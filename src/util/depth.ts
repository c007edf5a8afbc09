const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Says whether no part of a JSON text is nested deeper than `maxDepth`, without parsing it: 16 MB of `[` hold JSON.parse up for
 * 1.8 s. Exact up to the first character that is no JSON, which is as far as a parser reads.
 */
export function isWithinDepth(text: string, start: number, end: number, maxDepth: number): boolean {
  // Each level takes two characters, so that a short text cannot be deep. This spares most messages the scan.
  if (end - start < 2 * maxDepth) return true;
  let depth = 0;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index, end);
      if (index < 0) return true; // An open string: no JSON, as the parser will say.
    } else if ((code | 32) === 123) {
      // `{` and `[` differ in that bit alone, and so do `}` and `]`.
      if (++depth > maxDepth) return false;
    } else if ((code | 32) === 125) {
      depth--;
    }
  }
  return true;
}

/** The index of the quote that ends the string begun at `open`, or -1. */
function endOfString(text: string, open: number, end: number): number {
  const near = Math.min(end, open + 24);
  let index = open + 1;
  // Most strings are short, and for them a loop is faster than a search.
  for (; index < near; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index++;
  }
  for (;;) {
    const quote = text.indexOf('"', index);
    if (quote < 0 || quote >= end) return -1;
    let slashes = 0;
    while (quote - slashes - 1 >= index && text.charCodeAt(quote - slashes - 1) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote;
    index = quote + 1;
  }
}
