import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect } from "vitest";

interface Snapshot {
  readonly children: readonly string[];
  readonly descriptors: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly listeners: Readonly<Record<string, number>>;
  readonly tempFiles: readonly string[];
}

const EMITTED = ["exit", "SIGTERM", "SIGINT", "SIGHUP", "uncaughtException", "unhandledRejection", "warning", "beforeExit"];
// No bound: only what leaks is waited for so long.
const SETTLE_MS = 20_000;

/**
 * Registers the gate of a test file: after every test this process has the children, descriptors, handles, listeners and temp
 * files that it had before, nothing was thrown into the void, and Node.js has warned of nothing. Call it once, at the top of the file.
 */
export function gate(): void {
  let before: Snapshot;
  const faults: unknown[] = [];
  const onFault = (fault: unknown): void => void faults.push(fault);
  // Of a logger that fails we warn ourselves.
  const onWarning = (warning: Error & { code?: string }): void => {
    // Of this package, for a logger that fails; and of Node.js, for a variable that a test sets on purpose.
    const isWanted = warning.code === "MORTISE_LOGGER" || warning.message.includes("NODE_TLS_REJECT_UNAUTHORIZED");
    if (!isWanted) faults.push(warning);
  };
  beforeEach(async () => {
    faults.length = 0;
    process.on("unhandledRejection", onFault);
    process.on("uncaughtException", onFault);
    process.on("warning", onWarning);
    await settled();
    before = snapshot();
  });
  afterEach(async () => {
    const after = await snapshotLike(before);
    process.off("unhandledRejection", onFault);
    process.off("uncaughtException", onFault);
    process.off("warning", onWarning);
    expect(faults, "nothing is thrown into the void, or warned of").toEqual([]);
    expect(after, "nothing leaked").toEqual(before);
  });
}

/** What there is once it is as it was, or else after a while: the system takes a moment to close what was closed. */
async function snapshotLike(before: Snapshot): Promise<Snapshot> {
  for (const giveUpAt = Date.now() + SETTLE_MS; ; ) {
    const now = snapshot();
    if (JSON.stringify(now) === JSON.stringify(before) || Date.now() > giveUpAt) return now;
    await settled();
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

function snapshot(): Snapshot {
  return { children: children(), descriptors: countDescriptors(), resources: resources(), listeners: listeners(), tempFiles: tempFiles() };
}

/** Living children of this process; a zombie is dead. */
function children(): string[] {
  if (process.platform !== "linux") return [];
  const tasks = readdirSync("/proc/self/task");
  const pids = tasks.flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" ").filter(Boolean));
  return pids.filter(isAlive).sort();
}

/** Says whether a process is alive; a zombie is not. */
export function isAlive(pid: number | string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Says whether a process is the shell that ends what this process leaves behind; the gate demands that it ends too. */
export function isGuardian(pid: number | string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "latin1");
    // At the very end of a process the system has taken its words already.
    return words === "" || /\0mortise-guardian of process \d+\0$/.test(words);
  } catch {
    return false;
  }
}

function countDescriptors(): number {
  return process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) {
    // Timers that are unreferenced do not show; those of the test runner come and go.
    if (["Timeout", "Immediate", "TickObject", "FSReqPromise", "FSReqCallback", "CloseReq"].includes(name)) continue;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort());
}

function listeners(): Record<string, number> {
  return Object.fromEntries(EMITTED.map((name) => [name, process.listenerCount(name)]));
}

function tempFiles(): string[] {
  return readdirSync(process.env["TMPDIR"] as string).sort();
}
