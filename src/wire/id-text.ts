// V8 keeps the text of every number that it prints in a cache, which grows with the ids of a busy connection to tens of megabytes.
// Ids are counted up, so the part above the last three digits is nearly always that of the id before.
const BELOW = 1_000;
// Filled as they are used: all of them at once cost each start half a millisecond.
const small: (string | undefined)[] = new Array(BELOW).fill(undefined);
const lastThree: (string | undefined)[] = new Array(BELOW).fill(undefined);

let high = 0;
let highText = "";

/** A whole number from 0, in decimal. */
export function idText(id: number): string {
  if (id < BELOW) return (small[id] ??= String(id));
  const above = Math.floor(id / BELOW);
  if (above !== high) {
    high = above;
    highText = String(above);
  }
  const low = id - above * BELOW;
  return highText + (lastThree[low] ??= String(low).padStart(3, "0"));
}
