// What a slip in a pattern would keep the matcher busy with: its time grows with the 9th power of 9 stars in one name, and doubles with
// each pair of braces (`{a,b}` 18 times takes 8 s). Patterns come from configuration, so that a few plain bounds do.
const REFUSED: readonly (readonly [found: RegExp, problem: string])[] = [
  // The matcher looks at directories by itself: what the system's functions refuse there cannot be caught.
  [/\0/, "holds a NUL character, which is in no file's name"],
  [/\(/, "has parentheses, which can match for ever: use *, **, ?, [abc] and {a,b}"],
  [/(\*+[^*]+){12}\*/, "has more than 12 stars"],
  [/(\*+[^*/]+){3}\*/, "has more than 3 stars in one name"],
  [/(\{[^{]*){5}/, "has more than 4 braces"],
  [/(,[^,]*){17}/, "has more than 16 commas"],
  [/\{[^}]*\.\./, "has a range in braces: write out what it stands for"],
];

/** Says what is wrong with a glob, as the end of a sentence; undefined if nothing is. */
export function problemOf(glob: string): string | undefined {
  const pattern = glob
    // What is escaped is no pattern.
    .replaceAll(/\\./gs, "")
    // A slash in braces may join names that look apart here.
    .replaceAll(/\{[^}]*\}/g, (braces) => braces.replaceAll("/", ""));
  return REFUSED.find(([found]) => found.test(pattern))?.[1];
}
