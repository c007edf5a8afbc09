/** Milliseconds of processor time that this process has used so far: on a loaded machine the clock on the wall runs on while others work. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
