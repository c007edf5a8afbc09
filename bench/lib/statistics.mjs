export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const place = q * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

export const median = (values) => quantile(values, 0.5);

/** Compares two series round by round: one value per round. */
export function pairs(ours, theirs, compare) {
  return ours.map((value, round) => compare(value, theirs[round])).filter(Number.isFinite);
}

/** The median of pairs(): what slows a whole round down falls out, what slows one side down does not. */
export function paired(ours, theirs, compare) {
  return median(pairs(ours, theirs, compare));
}
