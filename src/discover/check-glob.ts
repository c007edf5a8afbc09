// A matcher's time grows with the 9th power of 9 stars in one name, and doubles with each pair of braces: `{a,b}` 18 times holds
// it up for 8 s. Patterns come from configuration, and configuration has slips.
const MAX_CHARACTERS = 1_024;
const MAX_STARS = 12;
const MAX_STARS_IN_A_NAME = 3;
const MAX_ALTERNATIVES = 256;
const ALTERNATIVES_OF_A_LETTER_RANGE = 64;

/** @throws {TypeError} If a glob is empty, holds a NUL character, or could keep its matcher busy for long. */
export function checkGlob(glob: string): void {
  if (typeof glob !== "string" || glob === "") throw new TypeError("Cannot discover plugins: the glob must be a text that is not empty");
  const problem = findProblem(glob);
  if (problem !== undefined) throw new TypeError(`Cannot discover plugins: the glob ${problem}`);
}

function findProblem(glob: string): string | undefined {
  if (glob.length > MAX_CHARACTERS) return `has more than ${MAX_CHARACTERS} characters`;
  // The matcher looks at directories by itself: what the system's functions refuse there, nobody could catch.
  if (glob.includes("\0")) return "holds a NUL character, which is in no file's name";
  const text = glob.replaceAll(/\\./g, ""); // What is escaped is no pattern.
  if (text.includes("(")) return "has parentheses, which can match for ever: use *, **, ?, [abc] and {a,b}";
  if (countStars(text) > MAX_STARS) return `has more than ${MAX_STARS} stars`;
  // A brace that holds a slash may join names that look apart here.
  const names = /\{[^}]*\//.test(text) ? [text] : text.split("/");
  if (names.some((name) => countStars(name) > MAX_STARS_IN_A_NAME)) return `has more than ${MAX_STARS_IN_A_NAME} stars in one name`;
  if (countAlternatives(text) > MAX_ALTERNATIVES) return `has braces for more than ${MAX_ALTERNATIVES} alternatives`;
  return undefined;
}

function countStars(text: string): number {
  return text.match(/\*+/g)?.length ?? 0;
}

/** At least as many patterns as the braces stand for. */
function countAlternatives(text: string): number {
  let product = 1;
  const open: number[] = [];
  for (const character of text) {
    if (character === "{") open.push(1);
    else if (character === "," && open.length > 0) open.push((open.pop() as number) + 1);
    else if (character === "}") product *= open.pop() ?? 1;
  }
  for (const [, from, to] of text.matchAll(/(-?\w+)\.\.(-?\w+)/g)) {
    const size = Math.abs(Number(to) - Number(from)) + 1;
    product *= Number.isNaN(size) ? ALTERNATIVES_OF_A_LETTER_RANGE : size;
  }
  return product;
}
