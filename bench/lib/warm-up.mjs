/** Slow contestants need their count, fast ones their time; nobody gets more than `mostMs`, but for one round. */
export async function warmUp(round, { leastMs, mostMs, count, perRound = 1 }) {
  const begun = performance.now();
  for (let done = 0; ; done += perRound) {
    const ms = performance.now() - begun;
    if (done > 0 && (ms >= mostMs || (ms >= leastMs && done >= count))) return;
    await round();
  }
}
