/** The highest apiVersion that both sides speak, or undefined. */
export function highestCommon(ours: readonly number[], theirs: readonly number[]): number | undefined {
  const common = ours.filter((version) => theirs.includes(version));
  return common.length === 0 ? undefined : Math.max(...common);
}

/** What a plugin announces: the highest common version, or with none its own highest, so that the hello can name both lists. */
export function announcedVersion(ours: readonly number[], theirs: readonly number[]): number {
  return highestCommon(ours, theirs) ?? Math.max(...ours);
}
