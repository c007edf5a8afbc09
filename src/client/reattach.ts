import { dirname } from "node:path";
import { StartFault } from "../executable/start-fault.js";
import { formatAnnouncement } from "../handshake/announcement.js";
import type { ReattachConfig } from "../handshake/reattach-config.js";
import { askPs } from "../process/ask-ps.js";
import { readEntry, showsOurProcesses } from "../process/process-table.js";
import { type Exit, pidOf, type RunningProcess } from "../process/runtime.js";
import { deferred } from "../util/deferred.js";
import { clearInterval, setInterval } from "../util/timers.js";
import type { ResolvedClientOptions } from "./options/options.js";
import type { Reattach } from "./options/reattach-option.js";
import type { Launched, Started } from "./start/opened.js";

// That the plugin has ended is told by its connection, at once. This is for what the connection does not tell: whether it lives on.
const POLL_MS = 50;

/**
 * Takes a plugin that already runs for one that was just launched: it announces itself with what is known of it.
 * @throws {Error} With the end of a sentence: there is no such process.
 */
export function attach(
  { config, mayKill }: Reattach,
  { apiVersions }: ResolvedClientOptions,
): Omit<Launched, "checked" | "executable" | "tls"> {
  const { pid, address, secret } = config;
  const first = lookClosely(pid);
  if (first === undefined) {
    throw new StartFault(
      "missing",
      `there is no process ${pid} any more: the plugin has ended\n  Start it again, and take the configuration that it prints then.`,
    );
  }
  const exited = deferred<Exit>();
  const isSame = (): boolean => lookClosely(pid)?.startTime === first.startTime;
  const timer = setInterval(() => {
    const seen = look(pid);
    if (seen !== undefined && (seen.startTime === first.startTime || seen.startTime === "")) return;
    clearInterval(timer);
    // Only a parent is told how a process ended.
    exited.resolve({ exitCode: null, signal: null });
  }, POLL_MS);
  timer.unref();
  const running: RunningProcess = {
    id: String(pid),
    pid,
    startTime: first.startTime === "" ? undefined : first.startTime,
    stdin: undefined,
    stdout: only(Buffer.from(`${formatAnnouncement(config)}\n`)),
    stderr: only(),
    exited: exited.promise,
    signal(name) {
      // The number may be somebody else's by now.
      if (mayKill && isSame()) process.kill(first.leadsGroup ? -pid : pid, name);
    },
  };
  const unixSocketDir = address.network === "unix" ? dirname(address.path) : undefined;
  const env = { apiVersions, transport: "tcp", minPort: 0, maxPort: 0, unixSocketDir, secret, lifeline: undefined } as const;
  return { running, env, release: async () => clearInterval(timer) };
}

/**
 * Enough for another process to attach; undefined where the process is not known by a number, as in a container, and where TLS is
 * automatic: the plugin takes no other certificate than the one that was made for this start.
 */
export function reattachConfig({ launched, address, protocol, link }: Started): ReattachConfig | undefined {
  const pid = pidOf(launched.running);
  if (pid === undefined || launched.tls?.clientCert !== undefined) return undefined;
  return { pid, address, protocol, apiVersion: link.apiVersion, secret: launched.env.secret };
}

async function* only(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

interface Seen {
  /** Tells a process from a later one with the same number; empty where the system does not say. */
  readonly startTime: string;
  readonly leadsGroup: boolean;
}

/** The same, where only ps can tell: not for every poll. */
function lookClosely(pid: number): Seen | undefined {
  const seen = look(pid);
  return seen?.startTime === "" && process.platform !== "linux" ? (askPs(pid) ?? seen) : seen;
}

/** What can be seen of a process; undefined if it is gone. A zombie is gone. @see proc(5) for the fields. */
function look(pid: number): Seen | undefined {
  if (showsOurProcesses()) {
    try {
      const entry = readEntry(pid);
      return entry && { startTime: entry.startTime, leadsGroup: entry.groupId === pid };
    } catch (error) {
      // Anything else says nothing of the process: that it may not be looked at, or that this program has too many files open.
      if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    }
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is there, and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined;
  }
  return { startTime: "", leadsGroup: false };
}
