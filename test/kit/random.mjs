/** The same whole numbers below 2^32 for the same seed, so that what failed can be run again (mulberry32). */
export function wholeNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** The same, as fractions from 0 to 1. */
export function random(seed) {
  const next = wholeNumbers(seed);
  return () => next() / 2 ** 32;
}
