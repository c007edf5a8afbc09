import type { Readable, Writable } from "node:stream";
import type { CommandLine } from "../executable/command.js";
import type { Address } from "../util/address.js";

/** How a process comes to exist and to an end. A child process by default; a container, or a test's fake, fits as well. */
export interface Runtime {
  /**
   * Starts the command, and resolves once it runs. The environment is all that the process is to find in its own; the signal aborts when
   * the start is given up. What it rejects with becomes the sentence of a `StartError`.
   */
  start(request: {
    readonly command: CommandLine;
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string | undefined;
    readonly signal: AbortSignal;
  }): Promise<Running>;
}

/** A process that was started. */
export interface Running {
  /** For people: a process id, a container's name. */
  readonly id: string;
  /** The process's stdin. The host keeps it open: where the environment says `PLUGIN_LIFELINE=stdin`, its end tells the plugin that the host is gone. */
  readonly stdin: Writable | undefined;
  /** Where the host reaches what the plugin announced, if that differs (a container's port). */
  toHost?(address: Address): Address;
  /** Read always and to the end. A chunk is looked at until the next is asked for, and not kept. */
  readonly stdout: AsyncIterable<Uint8Array>;
  /** The same of stderr. */
  readonly stderr: AsyncIterable<Uint8Array>;
  /** Resolves when the process is gone. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Says whether the process, and what is read of it, keeps this program alive. Until it is called, it does. @default it always does */
  hold?(holds: boolean): void;
  /** To the process and all that it started, as far as the runtime can. */
  signal(name: "SIGTERM" | "SIGKILL"): void;
}
/** How a process ended. */
export interface Exit {
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
}

/** A child process: a Running with a process id. */
export interface RunningProcess extends Running {
  readonly pid: number;
  /** Resolves when the system has refused a signal to it. Never rejects. */
  readonly refused?: Promise<void>;
  /** For one that this program is not the parent of: its number may be somebody else's before its end is known. */
  readonly startTime?: string | undefined;
}

export function pidOf(running: Running): number | undefined {
  const { pid } = running as Partial<RunningProcess>;
  return pid;
}

/** What the host reads and writes of a plugin's standard streams. */
export interface StdioOptions {
  readonly stderr: Writable | undefined;
  readonly syncStdout: Writable | undefined;
  readonly syncStderr: Writable | undefined;
  readonly stdin: Readable | undefined;
}
