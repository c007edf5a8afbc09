import { NOT_SMALL, parseSmall, type SmallText, smallText } from "./small-json.js";

// What looks at each character is quick once V8 has compiled it. Until then it takes a hundred times as long, and to compile it takes as
// long as JSON itself takes for ten thousand values. So the first values of a program are left to that.
let coldLeft = 8_192;

function isWarm(): boolean {
  return coldLeft === 0 || --coldLeft === 0;
}

/** As smallText(), in code that is warm. */
export function quickText(value: unknown): SmallText {
  return isWarm() ? smallText(value) : NOT_SMALL;
}

/** As parseSmall(), likewise. */
export function quickParse(text: string, start: number, end: number): unknown {
  return isWarm() ? parseSmall(text, start, end) : NOT_SMALL;
}
