import { spawnSync } from "node:child_process";

/** What tells a process from a later one with the same number, and whether it leads its group. */
export interface Asked {
  readonly startTime: string;
  readonly leadsGroup: boolean;
}

const MOST_MS = 1_000;

/**
 * The same as /proc tells, on systems that have none: a few milliseconds of this program's thread, so not to be asked often. Undefined
 * where the process is gone, a zombie included, or there is no ps, as on Windows.
 */
export function askPs(pid: number): Asked | undefined {
  // Without a locale, in which the date would be written.
  const env = { PATH: `/bin:/usr/bin:${process.env["PATH"] ?? ""}`, LC_ALL: "C" };
  const args = ["-o", "pgid=", "-o", "stat=", "-o", "lstart=", "-p", String(pid)];
  const { stdout, status } = spawnSync("ps", args, { env, encoding: "utf8", timeout: MOST_MS });
  const [, group, state = "", startTime = ""] = /^\s*(\d+)\s+(\S+)\s+(\S.*?)\s*$/m.exec(stdout ?? "") ?? [];
  if (status !== 0 || startTime === "" || state.startsWith("Z")) return undefined;
  return { startTime, leadsGroup: Number(group) === pid };
}
