import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { Executable } from "../executable/executable.js";
import { checkDescriptors } from "./free-descriptors.js";

export interface SpawnRequest {
  readonly executable: Pick<Executable, "file" | "args">;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

/** A child process that exists, with all three streams. */
export type Child = ChildProcessByStdio<Writable, Readable, Readable> & { readonly pid: number };

/**
 * Spawns a child in a process group of its own, all three streams piped, without a shell.
 * @throws {Error} The system's own error, with its code.
 */
export async function spawnChild({ executable: { file, args }, env, cwd }: SpawnRequest): Promise<Child> {
  // In the same turn as the spawn: other code may have opened files since an earlier look.
  checkDescriptors();
  const child = spawn(file, args, {
    env,
    // By name: a child that inherits a directory which was removed is started, and fails where it first looks for a file.
    cwd: cwd ?? process.cwd(),
    detached: process.platform !== "win32",
    windowsHide: true,
    stdio: "pipe",
  });
  if (child.pid !== undefined) return child as Child;
  // Some refusals spawn() throws, and of others the child tells in the next turn. Its streams may be undefined then.
  const [error] = (await once(child, "error")) as [Error];
  throw error;
}
