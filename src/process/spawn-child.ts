import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex, Readable, Writable } from "node:stream";
import type { Executable } from "../executable/executable.js";
import { checkDescriptors } from "./free-descriptors.js";

export interface SpawnRequest {
  readonly executable: Pick<Executable, "file" | "args">;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  /** Whether something is written to its stdin, or that kept open; else it is at its end. */
  readonly stdin: boolean;
  /** The number of the descriptor by whose end the child knows that this process is gone, if it is handed one: `LIFELINE_FD`. */
  readonly lifeline: number | undefined;
}

/** The first after the three that every process has. */
export const LIFELINE_FD = 3;

/** Says whether a child can be handed a descriptor besides those three. On Windows only some programs look for such. */
export function handsOverDescriptors(): boolean {
  return process.platform !== "win32";
}

/** A child process that exists, with its streams. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Our end of it. */
  readonly lifeline: Duplex | undefined;
}

/**
 * Spawns a child in a process group of its own, without a shell.
 * @throws {Error} The system's own error, with its code.
 */
export async function spawnChild({ executable: { file, args }, env, cwd, stdin, lifeline }: SpawnRequest): Promise<Child> {
  // In the same turn as the spawn: other code may have opened files since an earlier look.
  checkDescriptors();
  const child = spawn(file, args, {
    env,
    // By name: a child that inherits a directory which was removed is started, and fails where it first looks for a file.
    cwd: cwd ?? process.cwd(),
    detached: process.platform !== "win32",
    windowsHide: true,
    stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe", ...(lifeline === undefined ? [] : (["pipe"] as const))],
  });
  if (child.pid !== undefined) {
    const { pid, stdout, stderr } = child;
    const streams = { stdin: child.stdin ?? undefined, stdout: stdout as Readable, stderr: stderr as Readable };
    return { process: child, pid, ...streams, lifeline: (child.stdio[LIFELINE_FD] ?? undefined) as Duplex | undefined };
  }
  // Some refusals spawn() throws, and of others the child tells in the next turn. Its streams may be undefined then.
  const [error] = (await once(child, "error")) as [Error];
  throw error;
}
