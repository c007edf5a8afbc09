import { NOT_SMALL, parseSmall, type SmallText, smallText } from "./small-json.js";

// What looks at each character is quick once V8 has compiled it. Until then it takes a hundred times as long, and to compile it takes as
// long as JSON itself takes for ten thousand values. So the first values of a program are left to that.
let coldLeft = 8_192;

/** As smallText(), in code that is warm. */
export function quickText(value: unknown): SmallText {
  if (coldLeft === 0) return smallText(value);
  coldLeft--;
  return NOT_SMALL;
}

/** As parseSmall(), likewise. */
export function quickParse(text: string, start: number, end: number): unknown {
  if (coldLeft === 0) return parseSmall(text, start, end);
  coldLeft--;
  return NOT_SMALL;
}
