/** Milliseconds of processor time that this process has used so far: on a loaded machine the clock on the wall runs on while others work. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Tells, when asked, the most processor time in milliseconds that this process has used between two turns of its event loop. */
export function longestTurn(): () => number {
  let [before, longest] = [cpuMs(), 0];
  const look = (): void => {
    const now = cpuMs();
    longest = Math.max(longest, now - before);
    before = now;
  };
  const timer = setInterval(look, 5);
  return () => {
    clearInterval(timer);
    look();
    return longest;
  };
}
