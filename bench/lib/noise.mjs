import { readFileSync } from "node:fs";

const MAX_PERCENT = 5;

/**
 * Watches what other programs take of this machine while a run goes on. Pairing by round does not make up for it: whoever sleeps
 * and wakes often loses more to a busy core than whoever works through, so that ratios shift, and not only their spread grows.
 */
export function watchOthers() {
  const before = read();
  const begun = performance.now();
  return () => {
    const after = read();
    if (before === undefined || after === undefined) return undefined;
    const others = after.all - before.all - (after.ours - before.ours);
    // Ticks of 10 ms.
    return Math.max(0, Math.round((others * 10 * 100) / (performance.now() - begun)));
  };
}

/** What is said of a run; `percent` is of one core. */
export function describeNoise(percent) {
  if (percent === undefined) return "What other programs did meanwhile is not known here.";
  const what = `Other programs took ${percent} % of a core meanwhile`;
  return percent <= MAX_PERCENT ? `${what}.` : `${what}: NOT QUIET, these figures settle no goal.`;
}

function read() {
  try {
    // user, nice, system, idle, iowait, irq, softirq, steal
    const [user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "utf8")
      .split("\n")[0]
      .split(/\s+/)
      .slice(1)
      .map(Number);
    const own = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1).split(" ");
    // utime, stime, and the same of all children that have ended, theirs included.
    const ours = own.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
    return { all: user + nice + system + irq + softirq + steal, ours };
  } catch {
    return undefined;
  }
}
