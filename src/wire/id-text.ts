// V8 keeps the text of every number that it prints in a cache, which grows with the ids of a busy connection to tens of megabytes.
// Ids are counted up, so the part above the last three digits is nearly always that of the id before.
const LAST_THREE: readonly string[] = Array.from({ length: 1_000 }, (_, low) => String(low).padStart(3, "0"));
const SMALL: readonly string[] = LAST_THREE.map((_, id) => String(id));

let high = 0;
let highText = "";

/** A whole number from 0, in decimal. */
export function idText(id: number): string {
  if (id < 1_000) return SMALL[id] as string;
  const above = Math.floor(id / 1_000);
  if (above !== high) {
    high = above;
    highText = String(above);
  }
  return highText + (LAST_THREE[id - above * 1_000] as string);
}
